namespace Burrow.Queues;

/// <summary>
/// A message's revision, as an answer showed it to a client. Every replace, claim and update makes a new one. So if a worker's claim
/// ran out and another worker claimed the message, the first worker's receipt no longer matches.
/// </summary>
/// <param name="Value">The revision, without the quotes of an ETag.</param>
public readonly record struct Receipt(string Value)
{
    /// <summary>The receipt as an entity tag (RFC 9110, section 8.8.3): in quotes.</summary>
    public string ETag => $"\"{Value}\"";
}
