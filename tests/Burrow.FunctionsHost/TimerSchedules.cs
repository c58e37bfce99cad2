using System.Text.Json;
using Burrow.FunctionsHost.Protocol;
using NCrontab;

namespace Burrow.FunctionsHost;

/// <summary>Invokes the functions with timers when their schedules say, in UTC. An invocation never overlaps its last one.</summary>
internal sealed class TimerSchedules(WorkerChannel worker, Func<string, string?> setting, ILogger<TimerSchedules> log)
{
    /// <summary>
    /// Runs until it is cancelled. A function whose schedule is missing or no schedule never runs: like the real host, this one only
    /// logs that.
    /// </summary>
    public Task RunAsync(IEnumerable<Function> functions, CancellationToken stopped) =>
        Task.WhenAll(functions.Where(function => function.Schedule is not null).Select(function => RunAsync(function, stopped)));

    private async Task RunAsync(Function function, CancellationToken stopped)
    {
        var text = function.Schedule!;
        if (text.Length > 1 && text[0] == '%' && text[^1] == '%')
            text = setting(text[1..^1]);
        if (text is null || Parse(text) is not { } schedule)
        {
            log.LogError("The schedule of {Function} is missing or invalid: {Declared}.", function.Name, function.Schedule);
            return;
        }

        while (!stopped.IsCancellationRequested)
        {
            var now = DateTime.UtcNow;
            try
            {
                await Task.Delay(schedule.GetNextOccurrence(now) - now, stopped);
                var result = (await worker.InvokeAsync(InvocationOf(function))).Result;
                if (result.Status != StatusResult.Types.Status.Success)
                    log.LogError("{Function} failed: {Reason} {Exception}", function.Name, result.Result, result.Exception);
            }
            catch (OperationCanceledException)
            {
                // The host stops, or the worker is gone.
            }
        }
    }

    private static CrontabSchedule? Parse(string text) => CrontabSchedule.TryParse(
        text, new() { IncludingSeconds = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length != 5 });

    private static InvocationRequest InvocationOf(Function function)
    {
        var invocation = new InvocationRequest
        {
            InvocationId = Guid.NewGuid().ToString(),
            FunctionId = function.Id,
            TraceContext = new(),
        };
        var timer = JsonSerializer.Serialize(new { Schedule = new { AdjustForDST = true }, IsPastDue = false });
        invocation.InputData.Add(new ParameterBinding { Name = function.Binding, Data = new() { Json = timer } });
        return invocation;
    }
}
