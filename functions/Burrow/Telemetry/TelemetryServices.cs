using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace Burrow.Telemetry;

/// <summary>Has what <see cref="Instruments"/> tells sent somewhere.</summary>
public static class TelemetryServices
{
    /// <summary>The name of the <c>ActivitySource</c> and of the <c>Meter</c>.</summary>
    public const string Name = "Burrow";

    /// <summary>What says where to, for each signal or for all (OpenTelemetry, "OTLP Exporter Configuration").</summary>
    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    /// <summary>Has whatever this builder exports to be told of Burrow's spans and metrics, and of the runtime's.</summary>
    public static OpenTelemetryBuilder AddBurrow(this OpenTelemetryBuilder builder) => builder
        .WithTracing(tracing => tracing.AddSource(Name))
        .WithMetrics(metrics => metrics.AddMeter(Name, "System.Runtime"));

    /// <summary>Whether those variables say where to.</summary>
    public static bool IsExported(IConfiguration configuration) => Endpoints.Any(endpoint => configuration[endpoint] is { Length: > 0 });

    /// <summary>
    /// Exports traces, metrics and logs by OTLP where the standard environment variables say where to; else does nothing, and costs nothing.
    /// <c>OTEL_SERVICE_NAME</c> and the other variables of the specification hold.
    /// </summary>
    internal static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        if (IsExported(configuration))
            AddExporter(services, configuration);
        return services;
    }

    /// <summary>Apart, so that nothing of OpenTelemetry is loaded where it isn't called.</summary>
    private static void AddExporter(IServiceCollection services, IConfiguration configuration)
    {
        var builder = services.AddOpenTelemetry().AddBurrow().WithLogging().UseOtlpExporter();
        if (configuration["OTEL_SERVICE_NAME"] is not { Length: > 0 } && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
            builder.ConfigureResource(resource => resource.AddService("burrow"));
    }
}
