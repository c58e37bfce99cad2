namespace Burrow.Access;

/// <summary>
/// What an operation requires from its caller. These are all operations; docs/reference/permissions.md shows the same table.
/// </summary>
/// <param name="Operation">The operation, in words.</param>
/// <param name="Permissions">The permissions that the caller needs: all of them, or any (<see cref="IsAnyEnough"/>).</param>
/// <param name="IsOperatorOnly">Whether only a key of the operator allows it.</param>
internal sealed record OperationPolicy(string Operation, Permissions Permissions, bool IsOperatorOnly = false)
{
    public static readonly OperationPolicy ListAccounts = new("list accounts", Permissions.None, IsOperatorOnly: true);
    public static readonly OperationPolicy DeleteAccounts = new("delete accounts", Permissions.None, IsOperatorOnly: true);
    public static readonly OperationPolicy SetLimits = new("set or reset an account's limits", Permissions.None, IsOperatorOnly: true);
    public static readonly OperationPolicy ShowLimits = new("show an account's limits", Permissions.Manage);
    public static readonly OperationPolicy ListQueues = new("list queues", Permissions.Read);
    public static readonly OperationPolicy DeleteQueues = new("delete queues: all their messages", Permissions.Manage);
    public static readonly OperationPolicy ShowStatistics = new("show statistics of an account or a queue", Permissions.Read);
    public static readonly OperationPolicy ListMessages = new("list messages", Permissions.Read);
    public static readonly OperationPolicy GetMessage = new("get a message", Permissions.Read);
    public static readonly OperationPolicy PutMessage = new("put a message, alone or in a batch", Permissions.Send);
    public static readonly OperationPolicy RelayMessage = new(
        "put a message in a batch that a relay of another deployment sends, or change one that it sent", Permissions.Relay);
    public static readonly OperationPolicy UpdateMessages = new(
        "claim, extend or release messages, alone or in a batch", Permissions.Receive);
    public static readonly OperationPolicy SettleMessage = new(
        "say what became of a message (outcome) under an If-Match that names its ETag, alone or in a batch", Permissions.Receive);
    public static readonly OperationPolicy FinishMessage = new(
        "delete a message under an If-Match that names its ETag, alone or in a batch", Permissions.Receive);
    public static readonly OperationPolicy LeaveProgress = new(
        "leave progress of a message under an If-Match that names its ETag", Permissions.Receive);
    public static readonly OperationPolicy AwaitResult = new(
        "show or await what became of a message", Permissions.Send | Permissions.Read)
    { IsAnyEnough = true };
    public static readonly OperationPolicy ShowGroups = new("list groups", Permissions.Read);
    public static readonly OperationPolicy ListProducers = new("list producers", Permissions.Read);
    public static readonly OperationPolicy ShowProducer = new(
        "show a producer", Permissions.Send | Permissions.Read | Permissions.Relay)
    { IsAnyEnough = true };
    public static readonly OperationPolicy ListRelayed = new(
        "list the messages that came from a relay of another deployment", Permissions.Relay);
    public static readonly OperationPolicy ManageProducers = new(
        "shut out a producer's lower epochs, forget a producer", Permissions.Manage);
    public static readonly OperationPolicy KeepReaders = new("list, show, put and delete readers", Permissions.Read);
    public static readonly OperationPolicy DeleteMessages = new(
        "delete messages unseen (detail=none), alone or in a batch", Permissions.Delete);
    public static readonly OperationPolicy TakeMessages = new(
        "take messages: delete them and show what they were", Permissions.Receive | Permissions.Delete);
    public static readonly OperationPolicy ShowDead = new("list dead messages and the queues that hold any, show one", Permissions.Read);
    public static readonly OperationPolicy Redrive = new("redrive dead messages unseen (detail=none)", Permissions.Manage);
    public static readonly OperationPolicy RedriveShown = new(
        "redrive dead messages and show what they are", Permissions.Manage | Permissions.Read);
    public static readonly OperationPolicy Purge = new("purge dead messages unseen (detail=none)", Permissions.Delete);
    public static readonly OperationPolicy PurgeShown = new(
        "purge dead messages and show what they were", Permissions.Read | Permissions.Delete);
    public static readonly OperationPolicy ManagePolicies = new("list, show, put and delete policies", Permissions.Manage);
    public static readonly OperationPolicy ManageRelays = new("list, show, put and delete relays", Permissions.Manage);
    public static readonly OperationPolicy Subscribe = new("list, show, put and delete subscriptions", Permissions.Subscribe);
    public static readonly OperationPolicy ManageKeys = new("list, show, make and revoke keys", Permissions.Manage);
    public static readonly OperationPolicy MakeLinks = new("make links", Permissions.Manage);

    /// <summary>The table of all operations.</summary>
    public static readonly IReadOnlyList<OperationPolicy> All =
    [
        PutMessage,
        RelayMessage,
        UpdateMessages,
        SettleMessage,
        FinishMessage,
        LeaveProgress,
        AwaitResult,
        ListQueues,
        ListMessages,
        GetMessage,
        ShowGroups,
        KeepReaders,
        ListProducers,
        ShowProducer,
        ListRelayed,
        ShowStatistics,
        ShowDead,
        DeleteMessages,
        TakeMessages,
        Purge,
        PurgeShown,
        Subscribe,
        DeleteQueues,
        Redrive,
        RedriveShown,
        ManagePolicies,
        ManageRelays,
        ManageProducers,
        ManageKeys, MakeLinks, ShowLimits, SetLimits, ListAccounts, DeleteAccounts,
    ];

    /// <summary>Whether one of the permissions is enough.</summary>
    public bool IsAnyEnough { get; private init; }

    /// <summary>What the operation requires, in words.</summary>
    public string Requirement =>
        IsOperatorOnly
            ? "a key of the operator"
            : string.Join(IsAnyEnough ? " or " : " and ", PermissionNames.Of(Permissions).Select(name => $"`{name}`"));
}
