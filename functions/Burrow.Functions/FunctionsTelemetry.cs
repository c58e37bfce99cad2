using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Burrow.Telemetry;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Functions;

/// <summary>What the worker tells, beside its host, which host.json has in its OpenTelemetry mode: their spans make one trace.</summary>
internal static class FunctionsTelemetry
{
    private const string ApplicationInsights = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>To Application Insights where its connection string is set, by this process's identity; by OTLP where that is asked for; else nothing is told.</summary>
    public static IServiceCollection AddFunctionsTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var toInsights = configuration[ApplicationInsights] is { Length: > 0 };
        if (toInsights || TelemetryServices.IsExported(configuration))
            AddExporter(services, toInsights);
        return services;
    }

    /// <summary>Apart, so that nothing of OpenTelemetry is loaded where it isn't called.</summary>
    private static void AddExporter(IServiceCollection services, bool toInsights)
    {
        var telemetry = services.AddOpenTelemetry().AddBurrow().UseFunctionsWorkerDefaults();
        if (toInsights)
            telemetry.UseAzureMonitorExporter(monitor => monitor.Credential = new DefaultAzureCredential());
    }
}
