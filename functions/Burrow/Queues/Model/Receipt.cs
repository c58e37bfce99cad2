namespace Burrow.Queues;

/// <summary>
/// What a client was shown of a message's revision. Another after every replace, claim and update, so a worker whose claim ran
/// out holds one that no longer matches.
/// </summary>
/// <param name="Value">The revision, without the quotes of an ETag.</param>
public readonly record struct Receipt(string Value)
{
    /// <summary>As an entity tag (RFC 9110, section 8.8.3): in quotes.</summary>
    public string ETag => $"\"{Value}\"";
}
