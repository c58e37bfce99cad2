using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Judging;

/// <summary>What really was at every moment: each message of each queue, with all its versions.</summary>
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

    /// <summary>The messages, in the queue's order.</summary>
    public List<MessageTimeline> Messages { get; } = [];

    /// <summary>The messages that storage holds now, live or expired, by the key of their row by id.</summary>
    public Dictionary<string, MessageTimeline> Present { get; } = [];

    /// <summary>The last place that was handed out.</summary>
    public Sequence Last => Messages.Count == 0 ? Sequence.None : Messages[^1].Sequence;

    /// <summary>The messages of each group that storage holds now.</summary>
    public ILookup<GroupName, MessageTimeline> Groups => Present.Values
        .Where(message => message.Latest.State.Group is not null)
        .OrderBy(message => message.Sequence)
        .ToLookup(message => message.Latest.State.Group!.Value);

    /// <summary>The groups of which a message waits though the last policy allows that it does not.</summary>
    public IEnumerable<GroupName?> GroupsWithRoom(long clock) => Groups
        .Where(group => group.Any(message => message.Latest.State.IsWaiting && message.Latest.IsLive(clock))
            && !(Policies[^1].Policy.HaltsGroupOnDead && group.Any(message => message.Latest.State.HoldsGroup))
            && group.Count(message => message.Latest.State.IsReady) < Policies[^1].Policy.GroupConcurrency)
        .Select(group => (GroupName?)group.Key);

    public MessageTimeline? Find(Sequence sequence) => Messages.Find(message => message.Sequence == sequence);

    /// <summary>The policies that may have been in force, as far as a process may have known them.</summary>
    public List<(Moment From, QueuePolicy Policy)> Policies { get; } = [(default, QueuePolicy.None)];

    /// <summary>The policies that a process may have relied on at any moment of a span.</summary>
    public IEnumerable<QueuePolicy> PoliciesIn(Span span)
    {
        for (var i = 0; i < Policies.Count; i++)
        {
            var until = i + 1 < Policies.Count ? Policies[i + 1].From.Ticks + Late.Ticks : long.MaxValue;
            if (Policies[i].From <= span.To && until >= span.From.Ticks)
                yield return Policies[i].Policy;
        }
    }

    /// <summary>
    /// How long after a change of a policy a process may still act by the old one: it may have read it just before, and sent a
    /// transaction that storage carries out later.
    /// </summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whether an id had a live message during the whole span. A put that replaces a live message continues that message.
    /// </summary>
    public bool AlwaysLive(MessageId id, Span span) =>
        Messages.Exists(message => message.Id == id && message.Always(span, (version, part) => version.IsLive(part.LatestClock)));

    public bool EverLive(MessageId id, Span span) => Messages.Exists(message => message.Id == id && message.EverLive(span));

    /// <summary>Whether an id had a message of these kinds during the whole span.</summary>
    public bool Always(MessageId id, Span span, MessageLife which) =>
        Messages.Exists(message => message.Id == id && message.Always(span, which));
}

/// <summary>One message, from its put to its end, in its one place.</summary>
internal sealed class MessageTimeline(MessageId id, Sequence sequence)
{
    public MessageId Id => id;

    public Sequence Sequence => sequence;

    public List<Version> Versions { get; } = [];

    public List<Change> Changes { get; } = [];

    public Version Latest => Versions[^1];

    /// <summary>The changes of this message within a span.</summary>
    public IEnumerable<Change> ChangesIn(Span span) => Changes.Where(change => change.At >= span.From && change.At <= span.To);

    public Moment Inserted => Versions[0].From;

    /// <summary>When its rows were removed.</summary>
    public Moment Ended => Latest.To;

    /// <summary>
    /// Whether the message was there during the whole span, and a condition held for every version in its part of the span.
    /// </summary>
    public bool Always(Span span, Func<Version, Span, bool> holds) =>
        Inserted <= span.From && Ended > span.To && Parts(span).All(part => holds(part.Version, part.Span));

    /// <summary>Whether a condition held for some version within a span.</summary>
    public bool Ever(Span span, Func<Version, Span, bool> holds) => Parts(span).Any(part => holds(part.Version, part.Span));

    public bool AlwaysLive(Span span) => Always(span, (version, part) => version.IsLive(part.LatestClock));

    public bool EverLive(Span span) => Ever(span, (version, part) => version.IsLive(part.EarliestClock));

    /// <summary>Whether the message was of these kinds during the whole span.</summary>
    public bool Always(Span span, MessageLife which) => Always(
        span,
        (version, part) => (version.LifeAt(part.EarliestClock) & which) != 0 && (version.LifeAt(part.LatestClock) & which) != 0);

    /// <summary>Whether the message was of these kinds at some moment of a span.</summary>
    public bool Ever(Span span, MessageLife which) => Ever(
        span,
        (version, part) => ((version.LifeAt(part.EarliestClock) | version.LifeAt(part.LatestClock)) & which) != 0);

    /// <summary>
    /// Whether the message was live and (unless hidden ones match too) visible during the whole span. A message that was hidden in
    /// the meantime counts as hidden, even where the hide ended at once. A hide ends at once if the clock of the process that hid
    /// the message is behind, or if storage was slower than the hide is long.
    /// </summary>
    public bool AlwaysMatches(Span span, bool matchHidden) => Always(
        span,
        (version, part) => version.IsLive(part.LatestClock)
            && (matchHidden || (version.IsVisible(part.EarliestClock) && !(version.Hides && version.From >= span.From))));

    /// <summary>The versions of this message within a span, each with its part of the span.</summary>
    public IEnumerable<(Version Version, Span Span)> Parts(Span span) => Versions
        .Where(version => version.From <= span.To && version.To >= span.From)
        .Select(version => (version, span.Within(version.From, version.To)));
}

/// <summary>The time from one moment to another, by one process's clock.</summary>
internal readonly record struct Span(Moment From, Moment To, Instance Instance)
{
    /// <summary>What the clock shows at this end of the span, in UTC ticks.</summary>
    public long EarliestClock => Instance.Clock(From);

    /// <inheritdoc cref="EarliestClock"/>
    public long LatestClock => Instance.Clock(To);

    public Span Within(Moment from, Moment to) => this with { From = from > From ? from : From, To = to < To ? to : To };
}

/// <summary>What a message was from one change to the next.</summary>
/// <param name="from">The moment of the first change.</param>
/// <param name="hides">Whether that change hid the message.</param>
/// <param name="state">The state in its rows.</param>
/// <param name="contentType">The content type of its last put.</param>
/// <param name="body">The body of its last put.</param>
/// <param name="causes">What workers reported.</param>
internal sealed class Version(
    Moment from, bool hides, MessageState state, string? contentType, byte[] body, IReadOnlyList<Cause> causes)
{
    public IReadOnlyList<Cause> Causes => causes;

    public bool Hides => hides;

    public Moment From => from;

    public Moment To { get; set; } = Moment.End;

    public MessageState State => state;

    public string? ContentType => contentType;

    public byte[] Body => body;

    /// <summary>When the message dies by time; null: it does not.</summary>
    public long? DiesAt => state is { DiedAt: 0, DeadTtl: not null } && state.VisibleAt < state.ExpiresAt ? state.VisibleAt : null;

    /// <summary>Whether the message died by time, and is in no row as dead.</summary>
    public bool IsUnburied(long clock) => DiesAt <= clock;

    public bool IsLive(long clock) => LifeAt(clock) == MessageLife.Live;

    public MessageLife LifeAt(long clock)
    {
        if (state.DiedAt != 0)
            return state.ExpiresAt > clock ? MessageLife.Dead : MessageLife.None;
        if (DiesAt is { } died && died <= clock)
            return state.DeadTtl == 0 || died + state.DeadTtl * TimeSpan.TicksPerSecond > clock ? MessageLife.Dead : MessageLife.None;
        return state.ExpiresAt > clock ? MessageLife.Live : MessageLife.None;
    }

    public bool IsVisible(long clock) => state.IsHideOver(clock);
}

internal enum ChangeKind
{
    Put,
    Update,
    Promotion,

    /// <summary>It does not wait behind its group any more.</summary>
    Readying,

    /// <summary>It does not hold its group back any more, though it is dead.</summary>
    Freeing,
    Burial,
    Redrive,
    Removal,
}

/// <summary>A change that storage carried out.</summary>
internal sealed record Change(
    ChangeKind Kind, Moment At, Instance By, QueueAddress Queue, MessageTimeline Message, Version? Before, Version? After)
{
    /// <summary>The request that made it: for a put known at once, else from the answer that shows it.</summary>
    public Request? Request { get; set; }

    public override string ToString() =>
        $"{Kind} of {Queue.Account}/{Queue.Queue}/{Message.Id} ({Message.Sequence}) by {By.Name} "
        + $"at {At.Order} ({TimeSpan.FromTicks(At.Ticks)})";
}
