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
    public ValidateOptionsResult Validate(string? name, BurrowOptions options)
    {
        var errors = new[] { "Burrow:ExpirySchedule", "Burrow:Events:ReconcileSchedule" }.Select(ScheduleError).OfType<string>().ToList();
        if (options.Access.Mode == AccessMode.Keys && options.Events.PublicUrl is null)
            errors.Add("Set Burrow:Events:PublicUrl, the address at which tenants reach this service: the URLs of links begin with it.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private string? ScheduleError(string setting) => configuration[setting] switch
    {
        null or "" => $"Set {setting} to a schedule (NCRONTAB), such as '0 * * * * *': the Functions host runs a timer by it.",
        var schedule when !IsSchedule(schedule) =>
            $"{setting} is '{schedule}', which is no schedule. It has six fields, from seconds to days of the week: '0 * * * * *'.",
        _ => null,
    };

    /// <summary>As the host reads it: of five fields, the first is minutes.</summary>
    private static bool IsSchedule(string text)
    {
        var hasSeconds = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length != 5;
        return CrontabSchedule.TryParse(text, new() { IncludingSeconds = hasSeconds }) is not null;
    }
}
