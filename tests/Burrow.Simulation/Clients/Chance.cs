using Burrow.Queues;
using Burrow.Simulation.Judging;

namespace Burrow.Simulation.Clients;

/// <summary>What the clients of one seed choose from, and what they remember for later choices.</summary>
internal sealed class Chance
{
    private static readonly string[] AccountNames = ["a", "é", "a1"];
    private static readonly string[] QueueNames = ["q", "Q/1", "zz"];

    private readonly Random random;
    private readonly Timeline timeline;
    private readonly Dictionary<(QueueAddress, MessageId), string> receipts = [];
    private readonly int longestTtl;
    private readonly double large;
    private readonly bool usesPriorities;
    private readonly int mostDeliveries;
    private readonly int groups;
    private int numbers;

    public Chance(Random random, Timeline timeline)
    {
        (this.random, this.timeline) = (random, timeline);
        Queues = [.. timeline.Queues.Select(queue => queue.Address)];
        Ids = Of(5) ? 80 : Of(3) ? Below(1, 4) : Below(2, 16);
        Max = Ids > 16 ? 40 : 6;
        MaxHide = Pick(2, 10, 40);
        longestTtl = Pick(3, 20, 700);
        large = Pick(0, 0, 5) / 100.0;
        usesPriorities = Of(2);
        UsesPolicies = Of(2);
        ChangesPolicies = UsesPolicies && Of(3);
        mostDeliveries = Pick(1, 2, 4);
        UsesProducers = Of(3);
        groups = Of(2) ? Below(1, 4) : 0;
        UsesResults = Of(3);
    }

    public IReadOnlyList<QueueAddress> Queues { get; }

    /// <summary>How many ids the clients use again and again, in each queue.</summary>
    public int Ids { get; }

    /// <summary>A claim, a take or a reader's list asks for fewer messages than this.</summary>
    public int Max { get; }

    public int MaxHide { get; }

    /// <summary>Whether queues have policies.</summary>
    public bool UsesPolicies { get; }

    /// <summary>Whether policies are put and deleted while the clients are at work.</summary>
    public bool ChangesPolicies { get; }

    /// <summary>Whether messages are of groups.</summary>
    public bool UsesGroups => groups > 0;

    /// <summary>Whether some who put a message want to know what becomes of it.</summary>
    public bool UsesResults { get; }

    /// <summary>Whether producers number their messages.</summary>
    public bool UsesProducers { get; }

    /// <summary>The queues that a world may have.</summary>
    public static List<QueueAddress> Universe(Random random)
    {
        var (accounts, queues) = (random.Next(1, AccountNames.Length + 1), random.Next(1, QueueNames.Length + 1));
        return [
            .. AccountNames.Take(accounts).SelectMany(
                account => QueueNames.Take(queues).Select(queue => new QueueAddress(new(account), new(queue))))];
    }

    /// <summary>True once in so many calls, on average.</summary>
    public bool Of(int times) => random.Next(times) == 0;

    public int Below(int from, int below) => random.Next(from, below);

    public double Part() => random.NextDouble();

    public T Pick<T>(params T[] values) => values[random.Next(values.Length)];

    public QueueAddress Queue() => Pick([.. Queues]);

    public MessageId Id() => new(Of(12) ? $"once {++numbers}" : $"m{random.Next(Ids)}");

    /// <summary>A body that begins with a number that no other body has.</summary>
    public (int Number, byte[] Bytes) Body()
    {
        var body = System.Text.Encoding.ASCII.GetBytes($"{++numbers}:");
        if (random.NextDouble() < large)
            Array.Resize(ref body, QueueLimits.InlineBytes + random.Next(3));
        return (numbers, body);
    }

    public void Remember(QueueAddress queue, MessageId id, Receipt receipt) => receipts[(queue, id)] = receipt.Value;

    public Precondition Precondition(QueueAddress queue, MessageId id) => random.Next(6) switch
    {
        0 => Burrow.Queues.Precondition.MustNotExist,
        1 => new(["*"], null),
        2 or 3 when receipts.TryGetValue((queue, id), out var receipt) => new([receipt], null),
        4 when receipts.TryGetValue((queue, id), out var receipt) => new(null, [receipt]),
        _ => Burrow.Queues.Precondition.None,
    };

    public Attributes Attributes() => random.Next(4) switch
    {
        0 => new(Ttl(), null),
        1 => new(Ttl(), Hide()),
        _ => new(null, Hide()),
    };

    /// <summary>The attributes of a put. Each is left to its default in one call of three, on average.</summary>
    public Attributes PutAttributes() => new(Of(3) ? null : Ttl(), Of(3) ? null : Hide());

    public int? Priority() => !usesPriorities || Of(3) ? null : Of(2) ? Below(0, QueueLimits.MaxPriority + 1) : Pick(3, 9);

    public GroupName? Group() => groups == 0 || Of(4) ? null : new($"g{Below(0, groups)}");

    public long? Result() => UsesResults && !Of(3) ? Below(1, 100) : null;

    /// <summary>What a worker leaves: a text that is left once.</summary>
    public ResultBody Left() => new(System.Text.Encoding.ASCII.GetBytes($"left {++numbers}"), Of(2) ? null : "text/plain");

    public Outcome Outcome() => random.Next(6) switch
    {
        0 => new(OutcomeKind.Done) { Result = UsesResults && Of(2) ? Left() : null },
        1 => new(OutcomeKind.Released),
        2 => new(OutcomeKind.Dead, Cause()),
        _ => new(OutcomeKind.Failed, Cause(), Of(3) ? Hide() : null),
    };

    public QueuePolicy Policy()
    {
        var queues = Pick("*", "q", "z*", "Q/1");
        return new(new(Pick("one", "two")), QueuePattern.Read(queues))
        {
            MaxDeliveries = Of(4) ? null : Below(1, mostDeliveries + 1),
            DeadTtl = Of(3) ? Below(1, 60) : Of(3) ? 0 : 3600,
            RetryDelays = Of(2) ? [] : [Below(0, 5), Below(1, 20)],
            Ttl = Of(4) ? Ttl() : null,
            Hide = Of(8) ? Hide() : null,
            MaxMessages = Of(8) ? Below(2, 20) : 0,
            GroupConcurrency = Of(2) ? 1 : Below(2, 5),
            HaltsGroupOnDead = Of(3),
            Paused = ChangesPolicies && Of(4),
        };
    }

    private string? Cause() => Of(2) ? null : $"cause {++numbers}";

    public long Ttl() => Of(4) ? 0 : Below(1, longestTtl + 1);

    public long Hide() => Of(3) ? 0 : Below(1, MaxHide + 1);

    public Detail Detail() => (Detail)Below((int)Burrow.Queues.Detail.Id, (int)Burrow.Queues.Detail.Full + 1);

    public TimeSpan Wait() => TimeSpan.FromSeconds(Of(3) ? Below(1, 25) : 0);

    public NameSelection Accounts() => Names(AccountNames);

    public NameSelection QueuesOfOne() => Names(QueueNames);

    public MessageSelection Selection(QueueAddress queue)
    {
        var place = random.Next(4);
        var messages = timeline[queue].Messages;
        return new()
        {
            Limit = Of(2) ? Below(1, 2 * Max) : null,
            MatchHidden = Of(3),
            Detail = Of(5) ? Burrow.Queues.Detail.None : Detail(),
            Marker = place == 0 ? Id() : null,
            After = place == 1 && messages.Count > 0 ? messages[random.Next(messages.Count)].Sequence : null,
        };
    }

    private NameSelection Names(string[] names) => new(Of(3) ? Pick(names) : null, Of(3) ? Below(1, 3) : null);
}
