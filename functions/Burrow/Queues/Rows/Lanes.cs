namespace Burrow.Queues.Rows;

/// <summary>
/// The lanes of a queue's visible line that messages were put into since the queue was opened, one for each priority. The lane of
/// <see cref="QueueLimits.DefaultPriority"/> always counts. Readers go through these lanes only.
/// </summary>
/// <param name="Bits">A bit for each priority.</param>
internal readonly record struct Lanes(int Bits)
{
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

    public Lanes With(int priority) => new(Bits | (1 << priority));
}
