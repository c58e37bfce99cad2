using Burrow.Access;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using NCrontab;

namespace Burrow.Functions;

/// <summary>
/// Checks what only the function app needs. The Functions host reads the schedules of the timers itself. If one is missing or invalid, it
/// serves HTTP and never runs the timer, and only its own log says so.
/// </summary>
internal sealed class FunctionAppRules(IConfiguration configuration) : IValidateOptions<BurrowOptions>
{
    private static readonly CrontabSchedule.ParseOptions WithSeconds = new() { IncludingSeconds = true };

    public ValidateOptionsResult Validate(string? name, BurrowOptions options)
    {
        var errors = new[] { "Burrow:ExpirySchedule", "Burrow:Events:ReconcileSchedule" }.Select(ScheduleError).OfType<string>().ToList();
        if (options.Access.Mode == AccessMode.Keys && options.Events.PublicUrl is null)
            errors.Add("Set Burrow:Events:PublicUrl, the address at which tenants reach this service: the URLs of links begin with it.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private string? ScheduleError(string setting) => configuration[setting] switch
    {
        null or "" => $"Set {setting} to a schedule (NCRONTAB with seconds), such as '0 * * * * *': the Functions host runs a timer by it.",
        var schedule when CrontabSchedule.TryParse(schedule, WithSeconds) is null =>
            $"{setting} is '{schedule}', which is no schedule. It has six fields, from seconds to days of the week: '0 * * * * *'.",
        _ => null,
    };
}
