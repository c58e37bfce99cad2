using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Support;

/// <summary>
/// Receives OTLP over HTTP, in protobuf, on a free loopback port, and keeps what the tests need. Field numbers are those of
/// opentelemetry-proto 1.x (trace.proto, metrics.proto, logs.proto, common.proto).
/// </summary>
internal sealed class OtlpCollector : LoopbackServer
{
    public ConcurrentQueue<OtlpSpan> Spans { get; } = new();

    /// <summary>Every data point of every export.</summary>
    public ConcurrentQueue<OtlpPoint> Points { get; } = new();

    /// <summary>The bodies of log records.</summary>
    public ConcurrentQueue<string> Logs { get; } = new();

    /// <summary>The attributes of resources.</summary>
    public ConcurrentDictionary<string, string> Resource { get; } = new();

    public static Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        return StartAsync(collector, app =>
        {
            app.MapPost("/v1/traces", (HttpRequest request) => collector.TakeAsync(request, collector.Span));
            app.MapPost("/v1/metrics", (HttpRequest request) => collector.TakeAsync(request, collector.Metric));
            app.MapPost(
                "/v1/logs", (HttpRequest request) => collector.TakeAsync(request, record => collector.Logs.Enqueue(Text(record.Part(5)))));
        });
    }

    /// <summary>The environment variables that make a process export to this collector soon.</summary>
    public Dictionary<string, string?> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "50",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
    };

    /// <summary>Waits until <paramref name="find"/> finds something.</summary>
    public async Task<T> HasAsync<T>(Func<T?> find)
        where T : class
    {
        T? found = null;
        await WaitUntilAsync(() => (found = find()) is not null);
        return found!;
    }

    /// <summary>
    /// All three requests have the same structure: resources (1), in each resource scopes (2), in each scope records (2).
    /// </summary>
    private async Task<IResult> TakeAsync(HttpRequest request, Action<OtlpMessage> take)
    {
        using var memory = new MemoryStream();
        await request.Body.CopyToAsync(memory);
        foreach (var resource in new OtlpMessage(memory.ToArray()).Parts(1))
        {
            foreach (var (name, value) in Attributes(resource.Parts(1).SelectMany(one => one.Parts(1))))
                Resource[name] = value;
            foreach (var record in resource.Parts(2).SelectMany(scope => scope.Parts(2)))
                take(record);
        }

        NoteArrival();
        return Results.Bytes([], "application/x-protobuf");
    }

    private void Span(OtlpMessage span) => Spans.Enqueue(new(
        span.Hex(1),
        span.Hex(2),
        span.Hex(4),
        span.Text(5),
        (int)span.Number(6),
        Attributes(span.Parts(9)),
        [.. span.Parts(13).Select(link => (link.Hex(1), link.Hex(2)))]));

    private void Metric(OtlpMessage metric)
    {
        // A gauge (5) and a sum (7) have numbers: double 4, integer 6, attributes 7. A histogram (9) has a count: count 4,
        // attributes 9.
        foreach (var point in metric.Parts(5).Concat(metric.Parts(7)).SelectMany(data => data.Parts(1)))
        {
            Points.Enqueue(
                new(
                    metric.Text(1),
                    point.Has(6) ? point.Number(6) : BitConverter.Int64BitsToDouble(point.Number(4)),
                    Attributes(point.Parts(7))));
        }

        foreach (var point in metric.Parts(9).SelectMany(data => data.Parts(1)))
            Points.Enqueue(new(metric.Text(1), point.Number(4), Attributes(point.Parts(9))));
    }

    private static Dictionary<string, string> Attributes(IEnumerable<OtlpMessage> pairs) =>
        pairs.ToDictionary(pair => pair.Text(1), pair => Text(pair.Part(2)));

    /// <summary>The text of a value: a string (1) or an integer (3). The tests need no other types.</summary>
    private static string Text(OtlpMessage value) => value.Has(1) ? value.Text(1) : value.Has(3) ? $"{value.Number(3)}" : "";
}

/// <summary>A span as it arrived. Ids are in hexadecimal, and empty if absent.</summary>
internal sealed record OtlpSpan(
    string Trace,
    string Id,
    string Parent,
    string Name,
    int Kind,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string Trace, string Id)> Links);

/// <summary>A data point. For a histogram, the value is the count.</summary>
internal sealed record OtlpPoint(string Metric, double Value, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A protobuf message whose fields are read by their numbers.</summary>
internal sealed class OtlpMessage
{
    private readonly List<(int Field, long Number, byte[]? Bytes)> fields = [];

    public OtlpMessage(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            var field = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited:
                    fields.Add((field, 0, input.ReadBytes().ToByteArray()));
                    break;
                case WireFormat.WireType.Fixed64:
                    fields.Add((field, input.ReadSFixed64(), null));
                    break;
                case WireFormat.WireType.Varint:
                    fields.Add((field, input.ReadInt64(), null));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    public bool Has(int field) => fields.Exists(one => one.Field == field);

    public IEnumerable<OtlpMessage> Parts(int field) => fields.Where(one => one.Field == field).Select(one => new OtlpMessage(one.Bytes!));

    public OtlpMessage Part(int field) => Parts(field).FirstOrDefault() ?? new([]);

    public string Text(int field) => System.Text.Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public long Number(int field) => fields.LastOrDefault(one => one.Field == field).Number;

    private byte[] Bytes(int field) => fields.LastOrDefault(one => one.Field == field).Bytes ?? [];
}
