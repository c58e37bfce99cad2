using Burrow.Queues;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Judging;

internal enum RequestKind
{
    Put,
    Get,
    Update,
    Delete,
    List,
    UpdateAll,
    DeleteAll,
    Accounts,
    Queues,
    DeleteAccounts,
    DeleteQueues,
    DeadQueues,
    Settle,
    GetDead,
    ListDead,
    Redrive,
    RedriveAll,
    Purge,
    PurgeAll,
    Policies,
    Producers,
    Groups,
    Result,
    Progress,
}

internal enum RequestFate
{
    /// <summary>Under way.</summary>
    Open,

    /// <summary>Answered with the result, or that there is nothing.</summary>
    Answered,

    /// <summary>Answered with 412.</summary>
    Refused,

    /// <summary>Answered with 503.</summary>
    Failed,

    /// <summary>The client went away, or the process died.</summary>
    Lost,
}

/// <summary>A request as a client sent it, and what became of it.</summary>
internal sealed record Request(RequestKind Kind, Instance Instance, Moment Started)
{
    public QueueAddress? Queue { get; init; }

    public AccountName? Account { get; init; }

    public MessageId? Id { get; init; }

    public Attributes Attributes { get; init; }

    public Precondition Precondition { get; init; } = Precondition.None;

    public Detail Detail { get; init; } = Detail.All;

    public MessageSelection Selection { get; init; } = new();

    public NameSelection Names { get; init; } = new(null, null);

    public TimeSpan Wait { get; init; }

    public byte[] Body { get; init; } = [];

    public string? ContentType { get; init; }

    public int? Priority { get; init; }

    public GroupName? Group { get; init; }

    public long? Result { get; init; }

    public ResultBody? Left { get; init; }

    public ProducerNumber? Number { get; init; }

    public Outcome? Outcome { get; init; }

    public RequestFate Fate { get; set; }

    public Moment Ended { get; set; } = Moment.End;

    /// <summary>Whether it may have done more than its answer says, or something though its answer says nothing.</summary>
    public bool MayHaveDoneMore { get; set; }

    /// <summary>Whether it hands messages to its client, so that those that wait behind their group do not match.</summary>
    public bool HandsOut => Kind switch
    {
        RequestKind.UpdateAll => Attributes.Hide > 0,
        RequestKind.DeleteAll => Selection.Detail != Detail.None,
        _ => false,
    };

    /// <summary>Whether its client went away while it was under way. It may be answered all the same.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>The change that this put made. There is at most one.</summary>
    public Change? Change { get; set; }

    public Span Span => new(Started, Ended, Instance);

    /// <summary>Whether storage failed its process while the request was under way, perhaps for another request.</summary>
    public bool StorageFailed => Instance.FailedBetween(Started, Ended);

    public override string ToString()
    {
        var what = Queue is { } queue ? $"{queue.Account}/{queue.Queue}" : Account?.Value ?? "";
        var selection = Kind is RequestKind.List or RequestKind.UpdateAll or RequestKind.DeleteAll
            or RequestKind.ListDead or RequestKind.RedriveAll or RequestKind.PurgeAll
            ? $" limit={Selection.Limit} marker={Selection.Marker} after={Selection.After} "
                + $"hidden={Selection.MatchHidden} detail={Selection.Detail} wait={Wait}"
            : Kind is >= RequestKind.Accounts and <= RequestKind.DeadQueues ? $" marker={Names.Marker} limit={Names.Limit}" : "";
        var condition = Precondition.IfMatch is { } match ? $" if-match={string.Join(',', match)}"
            : Precondition.IfNoneMatch is { } none ? $" if-none-match={string.Join(',', none)}" : "";
        return $"{Kind} {what} {Id} {Outcome} p={Priority} g={Group} ttl={Attributes.Ttl} hide={Attributes.Hide}{condition}{selection} "
            + $"of {Instance.Name}, {Started.Order} to {(Ended == Moment.End ? "-" : Ended.Order)}: {Fate}";
    }
}
