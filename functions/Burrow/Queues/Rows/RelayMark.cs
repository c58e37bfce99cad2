using System.Globalization;

namespace Burrow.Queues.Rows;

/// <summary>
/// Says in a queue's head that each put of a new message writes a row to the outbox (docs/design/relays.md). Every put replaces the head,
/// so none overlooks it.
/// </summary>
/// <param name="Incarnation">The relay whose rows they are.</param>
/// <param name="Count">How many rows puts have written since the queue was marked.</param>
/// <param name="IsFull">Whether the outbox was full, so that puts write none until the queue is prepared anew.</param>
/// <param name="IsWhole">Whether every message that stands in the queue and is not sent has a row: also those from before the mark.</param>
internal sealed record RelayMark(string Incarnation, long Count, bool IsFull = false, bool IsWhole = false)
{
    private const char Sign = 'r';
    private const string Full = "f";
    private const string Whole = "w";

    /// <summary>Whether puts write rows for this relay.</summary>
    public bool Serves(Relay? relay) => !IsFull && Incarnation == relay?.Incarnation;

    /// <summary>The mark that a part of a head says; null: it says something else.</summary>
    public static RelayMark? Parse(string part)
    {
        if (part[0] != Sign)
            return null;
        var parts = part[1..].Split('-');
        // A count looks like a flag: 15 is f.
        var flags = parts[2..];
        return new(parts[0], long.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
        {
            IsFull = flags.Contains(Full),
            IsWhole = flags.Contains(Whole),
        };
    }

    /// <summary><c>.r{incarnation}-{count}</c>, the count in hexadecimal, and <c>-f</c> if it is full, <c>-w</c> if it is whole.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $".{Sign}{Incarnation}-{Count:x}")
        + (IsFull ? "-" + Full : "") + (IsWhole ? "-" + Whole : "");
}
