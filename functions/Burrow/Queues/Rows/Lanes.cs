namespace Burrow.Queues.Rows;

/// <summary>
/// The lanes of a queue's visible line that messages were put into since the queue was opened, one for each priority. The lane of
/// <see cref="QueueLimits.DefaultPriority"/> always counts. Readers go through these lanes only.
/// </summary>
/// <param name="Bits">A bit for each priority.</param>
/// <remarks>The bit behind them says that some message was of a group, so that messages may wait behind others.</remarks>
internal readonly record struct Lanes(int Bits)
{
    private const int Groups = 1 << (QueueLimits.MaxPriority + 1);

    public static readonly Lanes Default = new(1 << QueueLimits.DefaultPriority);

    /// <summary>The priorities, highest first.</summary>
    public IEnumerable<int> Priorities
    {
        get
        {
            for (var priority = QueueLimits.MaxPriority; priority >= 0; priority--)
            {
                if ((Bits & (1 << priority)) != 0)
                    yield return priority;
            }
        }
    }

    /// <summary>Whether the queue holds messages of groups, or did since it was opened.</summary>
    public bool HaveGroups => (Bits & Groups) != 0;

    /// <summary>The same, in a queue that holds messages of groups.</summary>
    public Lanes WithGroups() => new(Bits | Groups);

    public Lanes With(int priority) => new(Bits | (1 << priority));
}
