using System.Text.Json;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>One entry of a batch: an item, or what is wrong with it.</summary>
/// <param name="Id">The id that it gives, as far as it can be made out.</param>
/// <param name="Item">The item; null if something is wrong.</param>
/// <param name="Error">What is wrong.</param>
internal sealed record BatchEntry(MessageId? Id, BatchItem? Item, BurrowException? Error)
{
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
            // Half of a surrogate pair in a member's name, which JSON can spell and .NET can't.
            return new(id, null, new InvalidRequestException("item", "A member's name isn't Unicode."));
        }
    }
}
