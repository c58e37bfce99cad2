using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Burrow.Telemetry;

/// <summary>Has what <see cref="Instruments"/> tells sent somewhere.</summary>
public static class TelemetryServices
{
    /// <summary>The name of the <c>ActivitySource</c> and of the <c>Meter</c>.</summary>
    public const string Name = "Burrow";

    /// <summary>What says where to (OpenTelemetry, "OTLP Exporter Configuration"); those for one signal alone go beside it.</summary>
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Series of a metric by queue that the SDK keeps; it lets none go while a process lives that adds up (OTLP's default).</summary>
    private const int MaxSeries = 10_000;

    /// <summary>Has whatever this builder exports to be told of Burrow's spans and metrics, and of the runtime's.</summary>
    public static OpenTelemetryBuilder AddBurrow(this OpenTelemetryBuilder builder) => builder
        .WithTracing(tracing => tracing.AddSource(Name))
        .WithMetrics(
            metrics => metrics.AddMeter(Name, "System.Runtime").AddView(
                "burrow.queue.*", new MetricStreamConfiguration { CardinalityLimit = MaxSeries }));

    /// <summary>Whether it says where to.</summary>
    public static bool IsExported(IConfiguration configuration) => configuration[Endpoint] is { Length: > 0 };

    /// <summary>
    /// Exports traces, metrics and logs by OTLP where the standard environment variable says where to; else does nothing, and costs nothing.
    /// <c>OTEL_SERVICE_NAME</c> and the other variables that the SDK for .NET knows hold.
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
        if (configuration["OTEL_SERVICE_NAME"] is not { Length: > 0 }
            && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
        {
            builder.ConfigureResource(resource => resource.AddService("burrow"));
        }
    }
}
