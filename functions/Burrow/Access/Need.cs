namespace Burrow.Access;

/// <summary>What an operation needs of whoever asks for it. These are all of them; the README shows the same table.</summary>
/// <param name="Operation">What is asked for.</param>
/// <param name="Permissions">All of these.</param>
/// <param name="IsAdmins">Only with a key of the operator.</param>
internal sealed record Need(string Operation, Permissions Permissions, bool IsAdmins = false)
{
    public static readonly Need ListAccounts = new("list accounts", Permissions.None, IsAdmins: true);
    public static readonly Need DeleteAccounts = new("delete accounts", Permissions.None, IsAdmins: true);
    public static readonly Need SetLimits = new("set or reset an account's limits", Permissions.None, IsAdmins: true);
    public static readonly Need ShowLimits = new("show an account's limits", Permissions.Manage);
    public static readonly Need ListQueues = new("list queues", Permissions.Read);
    public static readonly Need DeleteQueues = new("delete queues: all their messages", Permissions.Manage);
    public static readonly Need ShowStatistics = new("show statistics of an account or a queue", Permissions.Read);
    public static readonly Need ListMessages = new("list messages", Permissions.Read);
    public static readonly Need GetMessage = new("get a message", Permissions.Read);
    public static readonly Need PutMessage = new("put a message, alone or in a batch", Permissions.Send);
    public static readonly Need UpdateMessages = new("claim, extend or release messages, alone or in a batch", Permissions.Receive);
    public static readonly Need FinishMessage = new("delete a message under an If-Match that names its ETag, alone or in a batch", Permissions.Receive);
    public static readonly Need DeleteMessages = new("delete messages unseen (detail=none), alone or in a batch", Permissions.Delete);
    public static readonly Need TakeMessages = new("take messages: delete them and show what they were", Permissions.Receive | Permissions.Delete);
    public static readonly Need Subscribe = new("list, show, put and delete subscriptions", Permissions.Subscribe);
    public static readonly Need ManageKeys = new("list, show, make and revoke keys", Permissions.Manage);
    public static readonly Need MakeLinks = new("make links", Permissions.Manage);

    /// <summary>The table.</summary>
    public static readonly IReadOnlyList<Need> All =
    [
        PutMessage, UpdateMessages, FinishMessage, ListQueues, ListMessages, GetMessage, ShowStatistics, DeleteMessages, TakeMessages, Subscribe, DeleteQueues,
        ManageKeys, MakeLinks, ShowLimits, SetLimits, ListAccounts, DeleteAccounts,
    ];

    /// <summary>What it needs, in words.</summary>
    public string Text => IsAdmins ? "a key of the operator" : string.Join(" and ", PermissionNames.Of(Permissions).Select(name => $"`{name}`"));
}
