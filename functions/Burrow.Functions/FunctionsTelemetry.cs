using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Burrow.Telemetry;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Functions;

/// <summary>
/// The telemetry of the worker process. The Functions host sends its own, and host.json sets it to its OpenTelemetry mode. The spans of
/// both form one trace.
/// </summary>
internal static class FunctionsTelemetry
{
    private const string ApplicationInsights = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>
    /// Exports to Application Insights if its connection string is set, by this process's identity. Exports by OTLP if the standard
    /// environment variable says where to. Otherwise it exports nothing.
    /// </summary>
    public static IServiceCollection AddFunctionsTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var toInsights = configuration[ApplicationInsights] is { Length: > 0 };
        if (toInsights || TelemetryServices.IsExported(configuration))
            AddExporter(services, configuration, toInsights);
        return services;
    }

    /// <summary>A method of its own, so that the process loads no part of OpenTelemetry unless it calls this method.</summary>
    private static void AddExporter(IServiceCollection services, IConfiguration configuration, bool toInsights)
    {
        var telemetry = services.AddOpenTelemetry().AddBurrow(configuration).UseFunctionsWorkerDefaults();
        if (toInsights)
            telemetry.UseAzureMonitorExporter(monitor => monitor.Credential = new DefaultAzureCredential());
    }
}
