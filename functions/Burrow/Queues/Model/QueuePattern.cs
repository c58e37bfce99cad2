namespace Burrow.Queues;

/// <summary>Which queues: one, or all whose names have the same beginning.</summary>
/// <param name="Text">The name, or its beginning.</param>
/// <param name="IsPrefix">Whether the text is the beginning.</param>
public readonly record struct QueuePattern(string Text, bool IsPrefix)
{
    /// <summary>All queues.</summary>
    public static readonly QueuePattern All = new("", true);

    /// <summary>Parses a name, the beginning of names with <c>*</c> after it, or <c>*</c> for all queues.</summary>
    /// <exception cref="InvalidRequestException">The text is none of these.</exception>
    public static QueuePattern Parse(string text)
    {
        if (text == "*")
            return All;
        return text.EndsWith('*')
            ? new(Name.Parse(text[..^1], "queues"), true)
            : new(Name.Parse(text, "queues"), false);
    }

    /// <summary>The pattern that <see cref="ToString"/> wrote. Stored patterns were checked when they were made.</summary>
    public static QueuePattern Read(string text) => text.EndsWith('*') ? new(text[..^1], true) : new(text, false);

    /// <summary>Whether it includes that queue.</summary>
    public bool Matches(QueueName queue) =>
        IsPrefix ? queue.Value.StartsWith(Text, StringComparison.Ordinal) : queue.Value == Text;

    /// <summary>Whether it includes every queue that the other one includes.</summary>
    public bool Contains(QueuePattern other) =>
        IsPrefix ? other.Text.StartsWith(Text, StringComparison.Ordinal) : !other.IsPrefix && other.Text == Text;

    /// <summary>What holds for a queue: what is for its name, or else for the longest beginning of it; null: nothing.</summary>
    internal static T? ClosestTo<T>(QueueName queue, IEnumerable<T> all, Func<T, QueuePattern> patternOf)
        where T : class => all
        .Where(one => patternOf(one).Matches(queue))
        .OrderBy(one => patternOf(one).IsPrefix)
        .ThenByDescending(one => patternOf(one).Text.Length)
        .FirstOrDefault();

    /// <inheritdoc/>
    public override string ToString() => IsPrefix ? Text + "*" : Text;
}
