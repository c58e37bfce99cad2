using System.Buffers;
using System.Text.Json;
using Burrow.Http.Pipeline;

namespace Burrow.Http.Messages;

/// <summary>
/// Reads the items of a batch, one by one, so that a batch costs no more memory than what it may hold. It looks at the tokens of an item
/// before anything is made of them.
/// </summary>
internal sealed class BatchReader(int maxBodyBytes)
{
    private readonly List<BatchEntry> entries = [];

    /// <summary>The bytes that an item may have: those of a body whose every byte is escaped, and of its other members.</summary>
    private int MaxItemBytes => (6 * maxBodyBytes) + (2 * HttpLimits.JsonStringBytes);

    /// <summary>Reads a line for each item. A line that is not valid spoils only itself.</summary>
    /// <exception cref="TooLargeException">There are too many items.</exception>
    public List<BatchEntry> ReadLines(ReadOnlySequence<byte> body)
    {
        var rest = new SequenceReader<byte>(body);
        while (!rest.End)
        {
            if (!rest.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
            {
                line = rest.UnreadSequence;
                rest.AdvanceToEnd();
            }

            if (!IsBlank(line))
                Add(() => ParseLine(line));
        }

        return entries;
    }

    /// <summary>Reads a JSON array of items.</summary>
    /// <exception cref="TooLargeException">There are too many items, or one of them is too large.</exception>
    /// <exception cref="InvalidRequestException">The body is not a JSON array.</exception>
    public List<BatchEntry> ReadArray(ReadOnlySequence<byte> body)
    {
        try
        {
            var json = new Utf8JsonReader(body);
            json.Read();
            if (json.TokenType != JsonTokenType.StartArray)
                throw new InvalidRequestException("body", "The body is a JSON array of items.");
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                var start = json.TokenStartIndex;
                if (SkipItem(ref json) is { } wrong)
                    throw wrong;
                var item = body.Slice(start, json.BytesConsumed - start);
                Add(() => Parse(item));
            }

            // Finds what follows the array.
            json.Read();
            return entries;
        }
        catch (JsonException e)
        {
            throw JsonMembers.NotJson(e);
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        var reader = new SequenceReader<byte>(line);
        reader.AdvancePastAny(" \t\r"u8);
        return reader.End;
    }

    private BatchEntry ParseLine(ReadOnlySequence<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            json.Read();
            return SkipItem(ref json) is { } wrong ? new(null, null, wrong) : Parse(line);
        }
        catch (JsonException e)
        {
            return new(null, null, new InvalidRequestException("item", $"This line isn't JSON, from its byte {e.BytePositionInLine} on."));
        }
    }

    private BatchEntry Parse(ReadOnlySequence<byte> item)
    {
        using var document = JsonDocument.Parse(item);
        return BatchEntry.Parse(document.RootElement, maxBodyBytes);
    }

    /// <summary>Moves to the end of the value that the reader is at.</summary>
    /// <returns>What is wrong with its size; null if nothing is. Then the reader is within the value.</returns>
    private TooLargeException? SkipItem(ref Utf8JsonReader json)
    {
        var (start, depth, tokens) = (json.TokenStartIndex, json.CurrentDepth, 1);
        while (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || json.CurrentDepth > depth)
        {
            if (!json.Read() || (json.CurrentDepth == depth && json.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray))
                break;
            if (++tokens > HttpLimits.BatchItemTokens)
                return new($"An item has at most {HttpLimits.BatchItemTokens} JSON values, names and brackets; nothing was done.");
        }

        return json.BytesConsumed - start > MaxItemBytes ? new($"An item has at most {MaxItemBytes} bytes; nothing was done.") : null;
    }

    private void Add(Func<BatchEntry> parse)
    {
        if (entries.Count == HttpLimits.BatchItems)
            throw new TooLargeException($"A batch has at most {HttpLimits.BatchItems} items; nothing was done.");
        entries.Add(parse());
    }
}
