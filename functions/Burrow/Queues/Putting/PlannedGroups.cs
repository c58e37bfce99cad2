using Burrow.Queues.Groups;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Putting;

/// <summary>What one transaction of puts does to the groups of its messages: new messages take the room, or wait.</summary>
internal sealed class PlannedGroups(KnownGroups known, QueuePolicy policy)
{
    private readonly Dictionary<GroupName, (GroupRow Row, bool MayWait)> planned = [];
    private (GroupName Name, GroupPlan Plan)? back;

    /// <summary>The groups as the transaction leaves them, and the places of the operations on their rows.</summary>
    private readonly List<(GroupRow Row, bool MayWait, int Index)> written = [];

    private int end;

    /// <summary>How many operations the groups take.</summary>
    public int Operations => planned.Count;

    /// <summary>Whether a message came back that makes others ready: the transaction takes no more puts.</summary>
    public bool IsClosed => back is not null;

    /// <summary>Whether it is known what a new message of that group must do.</summary>
    public bool Knows(GroupName name) => planned.ContainsKey(name) || known.Find(name) is not null;

    /// <summary>How many operations more a new message of the group takes.</summary>
    public int OperationsOf(GroupName? name) => name is { } group && !planned.ContainsKey(group) ? 1 : 0;

    /// <summary>Whether a new message of the group has to wait.</summary>
    public bool Waits(GroupName name) => Find(name) is var (row, mayWait) && (mayWait || !GroupPlan.HasRoom(row, policy));

    /// <summary>Adds a new message of the group.</summary>
    public void Add(GroupName name)
    {
        var waits = Waits(name);
        var (row, _) = Find(name);
        planned[name] = (waits ? row : row with { Ready = row.Ready + 1 }, waits);
    }

    /// <summary>Plans that a put brings a dead message back.</summary>
    public GroupPlan PlanReturn(ExistingMessage there, MessageState after, long now, int operations) =>
        GroupPlan.Of(there.Group!, [(there.State, after)], policy, now, operations);

    /// <summary>Notes that the transaction brings a dead message back.</summary>
    public void Return(GroupName name, GroupPlan plan) => back = (name, plan);

    /// <summary>Adds the operations of all groups.</summary>
    public void Complete(List<Operation> all, List<long> instants)
    {
        foreach (var (row, mayWait) in planned.Values)
        {
            written.Add((row, mayWait, all.Count));
            all.Add(row.Write());
        }

        if (back is { Plan: var plan })
        {
            all.AddRange(plan.Operations);
            instants.AddRange(plan.Promotions.SelectMany(write => write.After!.Due));
        }

        end = all.Count;
    }

    /// <summary>Notes what storage has carried out.</summary>
    public void Committed(IReadOnlyList<string?> etags)
    {
        foreach (var (row, mayWait, index) in written)
            known.Wrote(row with { ETag = etags[index] }, mayWait);
        if (back is { Name: var name })
            known.Forget(name);
    }

    /// <summary>Forgets the groups of the transaction: it is not known what became of them.</summary>
    public void Forget()
    {
        foreach (var (row, _, _) in written)
            known.Forget(row.Name);
    }

    /// <summary>
    /// Forgets the group whose operation has that place, and the others that were not read since the puts came: where one is out of date,
    /// they may all be.
    /// </summary>
    /// <returns>False: it is another operation.</returns>
    public bool TryForget(int index)
    {
        if (written.FirstOrDefault(one => one.Index == index) is { Row: { } row })
        {
            known.Forget(row.Name);
            known.ForgetUncertain(written.Select(one => one.Row.Name));
        }
        else if (back is not { Plan: var plan } || index < end - plan.Operations.Count || index >= end)
        {
            return false;
        }

        return true;
    }

    private (GroupRow Row, bool MayWait) Find(GroupName name) => planned.TryGetValue(name, out var group) ? group : known.Find(name)!.Value;
}
