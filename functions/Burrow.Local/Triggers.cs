using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Local;

/// <summary>Finds the trigger classes. It serves the HTTP triggers on this process's routes, and runs the timer triggers.</summary>
internal static partial class Triggers
{
    private static readonly TimeSpan TimerPeriod = TimeSpan.FromMinutes(1);

    /// <summary>Every function of the app: its name, its method, and the attribute that triggers it.</summary>
    public static IEnumerable<(string Name, MethodInfo Method, Attribute Trigger)> All =>
        from type in typeof(Triggers).Assembly.GetExportedTypes()
        from method in type.GetMethods()
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from parameter in method.GetParameters()
        from trigger in parameter.GetCustomAttributes()
        where trigger is HttpTriggerAttribute or TimerTriggerAttribute
        select (function.Name, method, trigger);

    /// <summary>Serves the HTTP triggers.</summary>
    public static void MapTriggers(this IEndpointRouteBuilder routes)
    {
        foreach (var (name, method, trigger) in All)
        {
            if (trigger is not HttpTriggerAttribute http)
                continue;
            var create = ActivatorUtilities.CreateFactory(method.DeclaringType!, []);
            var handler = RequestDelegateFactory.Create(method, context => create(context.RequestServices, null)).RequestDelegate;
            // A trigger names all methods that the Functions host knows. Here any other method reaches it too, and gets 405.
            routes.Map("/" + http.Route, handler).WithDisplayName(name);
        }
    }

    /// <summary>Runs the timer triggers once a minute, until the process stops.</summary>
    public sealed partial class Timers(IServiceProvider services, TimeProvider time, ILogger<Timers> logger) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
            All.Where(function => function.Trigger is TimerTriggerAttribute).Select(
                function => RunAsync(function.Name, function.Method, stoppingToken)));

        private async Task RunAsync(string name, MethodInfo method, CancellationToken stoppingToken)
        {
            var target = ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
            using var timer = new PeriodicTimer(TimerPeriod, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await (Task)method.Invoke(target, [new TimerInfo(), stoppingToken])!;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    Failed(name, e);
                }
            }
        }

        [LoggerMessage(Level = LogLevel.Error, Message = "The timer {Name} failed; it runs again in a minute.")]
        private partial void Failed(string name, Exception exception);
    }
}
