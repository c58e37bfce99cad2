using System.Text.Json;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>One entry of a batch: an item, or what is wrong with it.</summary>
/// <param name="Id">The id that the entry gives; null if it gives none or cannot be read.</param>
/// <param name="Item">The item; null if something is wrong.</param>
/// <param name="Error">What is wrong; null if nothing is.</param>
internal sealed record BatchEntry(MessageId? Id, BatchItem? Item, BurrowException? Error)
{
    /// <summary>The same entry, with something wrong.</summary>
    public BatchEntry As(string member, string error) => new(Id, null, new InvalidRequestException(member, error));

    public static BatchEntry Parse(JsonElement json, int maxBodyBytes)
    {
        MessageId? id = null;
        try
        {
            if (json.ValueKind != JsonValueKind.Object)
                throw new InvalidRequestException("item", "An item is a JSON object.");
            id = BatchItem.IdOf(json);
            return new(id, BatchItem.Parse(json, id, maxBodyBytes), null);
        }
        catch (BurrowException e)
        {
            return new(id, null, e);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in a member's name: JSON can express it, but .NET cannot decode it.
            return new(id, null, new InvalidRequestException("item", "A member's name isn't Unicode."));
        }
    }
}
