using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Burrow.Telemetry;

/// <summary>Exports the metrics and traces of <see cref="Instruments"/>.</summary>
public static class TelemetryServices
{
    /// <summary>The name of the <c>ActivitySource</c> and of the <c>Meter</c>.</summary>
    public const string Name = "Burrow";

    /// <summary>
    /// The variable that says where to export (OpenTelemetry, "OTLP Exporter Configuration"). Variables for a single signal work only
    /// together with it.
    /// </summary>
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// The most series that the SDK keeps for a metric by queue. With cumulative sums (OTLP's default), it releases none while the process
    /// lives.
    /// </summary>
    private const int MaxSeries = 10_000;

    /// <summary>The setting that turns <see cref="Instruments.ClaimedByPriority"/> on.</summary>
    private const string ClaimsByPriority = $"Burrow:Telemetry:{nameof(TelemetryOptions.ClaimsByPriority)}";

    /// <summary>Adds Burrow's spans and metrics, and the runtime's metrics, to what this builder exports.</summary>
    public static OpenTelemetryBuilder AddBurrow(this OpenTelemetryBuilder builder, IConfiguration configuration) => builder
        .WithTracing(tracing => tracing.AddSource(Name))
        .WithMetrics(metrics =>
        {
            metrics.AddMeter(Name, "System.Runtime").AddView(
                "burrow.queue.*", new MetricStreamConfiguration { CardinalityLimit = MaxSeries });
            // A dropped instrument is not enabled, so nothing is counted.
            if (!configuration.GetValue<bool>(ClaimsByPriority))
                metrics.AddView(Instruments.ClaimedByPriority.Name, MetricStreamConfiguration.Drop);
        });

    /// <summary>Whether the standard environment variable says where to export.</summary>
    public static bool IsExported(IConfiguration configuration) => configuration[Endpoint] is { Length: > 0 };

    /// <summary>
    /// Exports traces, metrics and logs by OTLP if the standard environment variable says where to. Otherwise it does nothing, and costs
    /// nothing. <c>OTEL_SERVICE_NAME</c> and the other variables that the SDK for .NET knows are in effect.
    /// </summary>
    internal static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        if (IsExported(configuration))
            AddExporter(services, configuration);
        return services;
    }

    /// <summary>A method of its own, so that the process loads no part of OpenTelemetry unless it calls this method.</summary>
    private static void AddExporter(IServiceCollection services, IConfiguration configuration)
    {
        var builder = services.AddOpenTelemetry().AddBurrow(configuration).WithLogging().UseOtlpExporter();
        if (configuration["OTEL_SERVICE_NAME"] is not { Length: > 0 }
            && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
        {
            builder.ConfigureResource(resource => resource.AddService("burrow"));
        }
    }
}
