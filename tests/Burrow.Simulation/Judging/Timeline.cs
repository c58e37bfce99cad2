using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Judging;

/// <summary>What really was, at every moment: each message of each queue, with all its versions.</summary>
internal sealed class Timeline
{
    private readonly Dictionary<string, QueueTimeline> queues = [];

    public Timeline(IEnumerable<QueueAddress> universe)
    {
        foreach (var queue in universe)
            queues.Add(queue.Partition, new QueueTimeline(queue));
    }

    public IEnumerable<QueueTimeline> Queues => queues.Values;

    public IEnumerable<AccountName> Accounts => queues.Values.Select(queue => queue.Address.Account).Distinct();

    public QueueTimeline this[string partition] => queues[partition];

    public QueueTimeline this[QueueAddress queue] => queues[queue.Partition];

    public IEnumerable<QueueTimeline> Of(AccountName account) => queues.Values.Where(queue => queue.Address.Account == account);
}

/// <summary>The messages that a queue ever held.</summary>
internal sealed class QueueTimeline(QueueAddress address)
{
    public QueueAddress Address => address;

    /// <summary>In the queue's order.</summary>
    public List<MessageTimeline> Messages { get; } = [];

    /// <summary>Those there are now, live or expired, by the key of their row by id.</summary>
    public Dictionary<string, MessageTimeline> Present { get; } = [];

    /// <summary>The last place that was handed out.</summary>
    public Sequence Last => Messages.Count == 0 ? Sequence.None : Messages[^1].Sequence;

    public MessageTimeline? Find(Sequence sequence) => Messages.Find(message => message.Sequence == sequence);

    /// <summary>Whether there was one message, or one after another without a gap, of an id, all the while.</summary>
    public bool AlwaysLive(MessageId id, Span span) =>
        Messages.Exists(message => message.Id == id && message.Always(span, (version, part) => version.IsLive(part.LatestClock)));

    public bool EverLive(MessageId id, Span span) => Messages.Exists(message => message.Id == id && message.EverLive(span));
}

/// <summary>One message, from its put to its end, in its one place.</summary>
internal sealed class MessageTimeline(MessageId id, Sequence sequence)
{
    public MessageId Id => id;

    public Sequence Sequence => sequence;

    public List<Version> Versions { get; } = [];

    public List<Change> Changes { get; } = [];

    public Version Latest => Versions[^1];

    /// <summary>What was done to it in between.</summary>
    public IEnumerable<Change> ChangesIn(Span span) => Changes.Where(change => change.At >= span.From && change.At <= span.To);

    public Moment Inserted => Versions[0].From;

    /// <summary>When its rows were removed.</summary>
    public Moment Ended => Latest.To;

    /// <summary>Whether it was there all the while, and this held for every version in its part of it.</summary>
    public bool Always(Span span, Func<Version, Span, bool> holds) =>
        Inserted <= span.From && Ended > span.To && Parts(span).All(part => holds(part.Version, part.Span));

    /// <summary>Whether this held at some time in between.</summary>
    public bool Ever(Span span, Func<Version, Span, bool> holds) => Parts(span).Any(part => holds(part.Version, part.Span));

    public bool AlwaysLive(Span span) => Always(span, (version, part) => version.IsLive(part.LatestClock));

    public bool EverLive(Span span) => Ever(span, (version, part) => version.IsLive(part.EarliestClock));

    /// <summary>
    /// Live, and (unless hidden ones match too) visible all the while. What is hidden in the meantime was hidden, even where
    /// that is over at once, as the clock of who did it is behind, or storage was slower than the hide is long.
    /// </summary>
    public bool AlwaysMatches(Span span, bool matchHidden) => Always(
        span,
        (version, part) => version.IsLive(part.LatestClock)
            && (matchHidden || (version.IsVisible(part.EarliestClock) && !(version.Hides && version.From >= span.From))));

    /// <summary>What it was at some time in between.</summary>
    public IEnumerable<(Version Version, Span Span)> Parts(Span span) => Versions
        .Where(version => version.From <= span.To && version.To >= span.From)
        .Select(version => (version, span.Within(version.From, version.To)));
}

/// <summary>From one moment to another, as one process's clock has it.</summary>
internal readonly record struct Span(Moment From, Moment To, Instance Instance)
{
    /// <summary>UTC ticks.</summary>
    public long EarliestClock => Instance.Clock(From);

    /// <inheritdoc cref="EarliestClock"/>
    public long LatestClock => Instance.Clock(To);

    public Span Within(Moment from, Moment to) => this with { From = from > From ? from : From, To = to < To ? to : To };
}

/// <summary>What a message was from one change to the next.</summary>
/// <param name="from">Of the change.</param>
/// <param name="hides">Whether that change hid it.</param>
/// <param name="state">Its rows.</param>
/// <param name="contentType">What it was last put with.</param>
/// <param name="body">Likewise.</param>
internal sealed class Version(Moment from, bool hides, MessageState state, string? contentType, byte[] body)
{
    public bool Hides => hides;

    public Moment From => from;

    public Moment To { get; set; } = Moment.End;

    public MessageState State => state;

    public string? ContentType => contentType;

    public byte[] Body => body;

    public bool IsLive(long clock) => state.IsLive(clock);

    public bool IsVisible(long clock) => state.IsVisible(clock);
}

internal enum ChangeKind
{
    Put,
    Update,
    Promotion,
    Removal,
}

/// <summary>A change that was carried out.</summary>
internal sealed record Change(
    ChangeKind Kind, Moment At, Instance By, QueueAddress Queue, MessageTimeline Message, Version? Before, Version? After)
{
    /// <summary>The request that was answered with it.</summary>
    public Request? Request { get; set; }

    public override string ToString() =>
        $"{Kind} of {Queue.Account}/{Queue.Queue}/{Message.Id} ({Message.Sequence}) by {By.Name} at {At.Order} ({TimeSpan.FromTicks(At.Ticks)})";
}
