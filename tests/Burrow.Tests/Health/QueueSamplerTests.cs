using System.Diagnostics.Metrics;
using Burrow.Health;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Telemetry;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Tests.Health;

/// <summary>What a process reports about its busiest queues.</summary>
public sealed class QueueSamplerTests : IAsyncLifetime
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore store = new();
    private readonly string account = $"a{Guid.NewGuid():n}";
    private readonly SortedDictionary<string, double> told = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly InterceptedStore intercepted;
    private readonly QueueEngine queues;
    private readonly QueueSampler sampler;

    public QueueSamplerTests()
    {
        intercepted = new(store);
        queues = new(intercepted, time, Random.Shared, new BurrowOptions(), NullLogger<QueueEngine>.Instance);
        // The sampler has its own clock, which stands still. So it samples only when the test makes it.
        sampler = new(queues, new TelemetryOptions { BusiestQueues = 2 }, new TestTime(), NullLogger<QueueSampler>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == TelemetryServices.Name && instrument.Name.StartsWith("burrow.queue.", StringComparison.Ordinal))
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Tell(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Tell(instrument, value, tags));
        listener.Start();
        await sampler.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await sampler.StopAsync(Token);
        sampler.Dispose();
    }

    [Fact]
    public async Task The_busiest_are_told_then_those_that_still_hold_something_and_no_more_than_asked_for()
    {
        foreach (var (queue, count) in ((string, int)[])[("busy", 3), ("calm", 2), ("rare", 1)])
        {
            for (var i = 0; i < count; i++)
                await PutAsync(queue, $"{i}");
        }

        await queues.UpdateAsync(Address("busy"), new() { Limit = 1 }, new(null, 3600), TimeSpan.Zero, Token);
        time.Advance(TimeSpan.FromSeconds(30));

        (await SampleAsync()).ShouldBe(
        [
            "burrow.queue.messages busy dead: 0",
            "burrow.queue.messages busy hidden: 1",
            "burrow.queue.messages busy visible: 2",
            "burrow.queue.messages calm dead: 0",
            "burrow.queue.messages calm hidden: 0",
            "burrow.queue.messages calm visible: 2",
            "burrow.queue.oldest_visible_age busy: 30",
            "burrow.queue.oldest_visible_age calm: 30",
        ]);

        // Nothing more happens to the calm queue, and its oldest message grows older. The busy queue is emptied, and reports that once.
        await queues.TakeAsync(Address("busy"), new() { MatchHidden = true }, TimeSpan.Zero, Token);
        time.Advance(TimeSpan.FromSeconds(30));
        (await SampleAsync()).ShouldBe(
        [
            "burrow.queue.messages busy dead: 0",
            "burrow.queue.messages busy hidden: 0",
            "burrow.queue.messages busy visible: 0",
            "burrow.queue.messages calm dead: 0",
            "burrow.queue.messages calm hidden: 0",
            "burrow.queue.messages calm visible: 2",
            "burrow.queue.oldest_visible_age busy: 0",
            "burrow.queue.oldest_visible_age calm: 60",
        ]);
        time.Advance(TimeSpan.FromSeconds(30));
        (await SampleAsync()).ShouldBe(
        [
            "burrow.queue.messages calm dead: 0",
            "burrow.queue.messages calm hidden: 0",
            "burrow.queue.messages calm visible: 2",
            "burrow.queue.oldest_visible_age calm: 90",
        ]);
    }

    [Theory]
    [InlineData(typeof(TableUnavailableException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task A_look_that_fails_is_taken_again_and_forgets_nothing(Type failure)
    {
        await PutAsync("calm", "1");
        await SampleAsync();

        var error = failure == typeof(TableUnavailableException)
            ? new TableUnavailableException("down")
            : (Exception)new InvalidOperationException("no token");
        intercepted.Before = _ => throw error;
        (await SampleAsync()).ShouldBeEmpty();
        intercepted.Before = _ => Task.CompletedTask;
        (await SampleAsync()).ShouldContain("burrow.queue.messages calm visible: 1");
    }

    [Fact]
    public async Task One_that_had_to_make_room_comes_back()
    {
        await PutAsync("calm", "1");
        await SampleAsync();
        await PutAsync("busy", "1");
        await PutAsync("busier", "1");
        string.Join(' ', await SampleAsync()).ShouldNotContain("calm");
        await queues.TakeAsync(Address("busier"), new(), TimeSpan.Zero, Token);
        await SampleAsync();
        (await SampleAsync()).ShouldContain("burrow.queue.messages calm visible: 1");
    }

    private QueueAddress Address(string queue) => new(new(account), new(queue));

    private Task PutAsync(string queue, string id) =>
        queues.PutAsync(Address(queue), new(new(id), [], null, new(0, 0), Precondition.None), Token);

    /// <summary>The metrics after the next sample.</summary>
    private async Task<IEnumerable<string>> SampleAsync()
    {
        await sampler.SampleAsync(Token);
        told.Clear();
        listener.RecordObservableInstruments();
        return told.Select(one => $"{one.Key}: {one.Value}");
    }

    private void Tell(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // The samplers of other tests report other accounts.
        if (!account.Equals(tags[0].Value))
            return;
        told[string.Join(' ', [instrument.Name, .. tags[1..].ToArray().Select(tag => tag.Value)])] = value;
    }
}
