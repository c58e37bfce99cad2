using Burrow.Queues.Groups;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>
/// The groups of a queue as this process last wrote or read them. Like the head, a row may be out of date: storage checks its ETag when it
/// is used. That no message of a group waits is known for certain then, because a put that begins to wait writes the row. That one waits
/// may be over: a removal that makes the next one ready does not write it.
/// </summary>
internal sealed class KnownGroups(GroupReader reader, QueueAddress queue)
{
    private const int MaxKnown = 10_000;

    private readonly Dictionary<GroupName, (GroupRow Row, bool MayWait)> known = [];

    /// <summary>Those that were read since the group of puts under way began.</summary>
    private readonly HashSet<GroupName> certain = [];

    /// <summary>Begins a group of puts: all of them have come.</summary>
    public void BeginGroup()
    {
        certain.Clear();
        if (known.Count > MaxKnown)
            known.Clear();
    }

    /// <summary>Reads the groups of puts, where what is known is not enough.</summary>
    public async Task ReadAsync(IEnumerable<PendingPut> puts, QueuePolicy policy)
    {
        List<GroupName>? missing = null;
        foreach (var pending in puts)
        {
            if (pending.Request.Group is { } name && !IsEnough(name, policy) && missing?.Contains(name) != true)
                (missing ??= []).Add(name);
        }

        if (missing is null)
            return;
        var found = await Task.WhenAll(missing.Select(name => reader.ReadAsync(queue, name, CancellationToken.None)));
        foreach (var (name, group) in missing.Zip(found))
        {
            known[name] = group;
            certain.Add(name);
        }
    }

    /// <summary>A group, and whether a message of it may wait; null: it must be read.</summary>
    public (GroupRow Row, bool MayWait)? Find(GroupName name) => known.TryGetValue(name, out var group) ? group : null;

    /// <summary>Notes what a transaction wrote.</summary>
    public void Wrote(GroupRow row, bool mayWait) => known[row.Name] = (row, mayWait);

    /// <summary>Forgets a group that storage knows otherwise.</summary>
    public void Forget(GroupName name)
    {
        known.Remove(name);
        certain.Remove(name);
    }

    /// <summary>Forgets those of some groups that were not read since the puts under way came.</summary>
    public void ForgetUncertain(IEnumerable<GroupName> names)
    {
        foreach (var name in names.Where(name => !certain.Contains(name)))
            known.Remove(name);
    }

    /// <summary>A group with room, of which a message seems to wait, is read once more.</summary>
    private bool IsEnough(GroupName name, QueuePolicy policy) =>
        known.TryGetValue(name, out var group)
        && (!group.MayWait || !GroupPlan.HasRoom(group.Row, policy) || certain.Contains(name));
}
