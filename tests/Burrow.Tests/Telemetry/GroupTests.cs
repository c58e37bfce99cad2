using System.Diagnostics;
using Burrow.Queues.Scheduling;
using Burrow.Telemetry;

namespace Burrow.Tests.Telemetry;

/// <summary>The span under which a group of requests runs, and the spans that link to it.</summary>
public sealed class GroupTests : IDisposable
{
    private readonly ActivityListener listener = new()
    {
        ShouldListenTo = source => source.Name == TelemetryServices.Name,
        // For spans of this test, this acts as a sampler that follows the parent. Spans of other tests stay as they are.
        Sample = (ref options) => options.Name.StartsWith("sampled", StringComparison.Ordinal)
            ? ActivitySamplingResult.AllDataAndRecorded
            : ActivitySamplingResult.AllData,
    };

    private readonly TaskCompletionSource first = new();
    private readonly List<Activity?> servedUnder = [];
    private readonly GroupCommit<int, bool> group;

    public GroupTests()
    {
        ActivitySource.AddActivityListener(listener);
        group = new("test", ServeAsync, _ => 1, 10);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task It_runs_under_the_first_that_is_recorded_and_the_others_link_to_it_once()
    {
        // While the group processes this request, the others wait for the next group.
        var busy = SubmitAsync("busy");
        var unsampled = SubmitAsync("not sampled");
        var (leader, leading) = Begin("sampled first");
        var (batch, ofBatch) = Begin("sampled second", times: 3);
        var untraced = group.SubmitAsync(0, CancellationToken.None);
        first.SetResult();
        await Task.WhenAll([busy, unsampled, .. leading, .. ofBatch, untraced]);

        servedUnder.Select(one => one?.OperationName).ShouldBe(["busy", "sampled first"]);
        batch.Links.Select(link => link.Context.SpanId).ShouldBe([leader.SpanId]);
        leader.Links.ShouldBeEmpty();
    }

    private Task SubmitAsync(string name) => Begin(name).Tasks[0];

    private (Activity Span, List<Task> Tasks) Begin(string name, int times = 1)
    {
        // Like the span of a request, this span lasts until the response. The next span must not be its child.
        var span = Instruments.Source.StartActivity(name).ShouldNotBeNull();
        List<Task> tasks = [.. Enumerable.Range(0, times).Select(_ => (Task)group.SubmitAsync(0, CancellationToken.None))];
        Activity.Current = null;
        return (span, tasks);
    }

    private async Task ServeAsync(IReadOnlyList<PendingRequest<int, bool>> pending)
    {
        servedUnder.Add(Activity.Current);
        await first.Task;
        foreach (var one in pending)
            one.Complete(true);
    }
}
