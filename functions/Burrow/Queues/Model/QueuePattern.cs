namespace Burrow.Queues;

/// <summary>Which queues: one, or all whose names begin alike.</summary>
/// <param name="Text">The name, or its beginning.</param>
/// <param name="IsPrefix">Whether it is the beginning.</param>
public readonly record struct QueuePattern(string Text, bool IsPrefix)
{
    /// <summary>All queues.</summary>
    public static readonly QueuePattern All = new("", true);

    /// <summary>A name, the beginning of names with <c>*</c> behind it, or <c>*</c> for all.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static QueuePattern Parse(string text)
    {
        if (text == "*")
            return All;
        return text.EndsWith('*')
            ? new(Name.Parse(text[..^1], "queues"), true)
            : new(Name.Parse(text, "queues"), false);
    }

    /// <summary>Whether it is for that queue.</summary>
    public bool Matches(QueueName queue) =>
        IsPrefix ? queue.Value.StartsWith(Text, StringComparison.Ordinal) : queue.Value == Text;

    /// <summary>Whether it is for every queue that the other one is for.</summary>
    public bool Contains(QueuePattern other) =>
        IsPrefix ? other.Text.StartsWith(Text, StringComparison.Ordinal) : !other.IsPrefix && other.Text == Text;

    /// <inheritdoc/>
    public override string ToString() => IsPrefix ? Text + "*" : Text;
}
