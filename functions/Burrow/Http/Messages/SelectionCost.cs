using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Claiming;

namespace Burrow.Http.Messages;

/// <summary>What a request for many messages may use at most.</summary>
internal static class SelectionCost
{
    /// <summary>The bytes of a page of rows, and of a row that holds a body. Most are smaller, and a page is not kept.</summary>
    private const int MaxPageBytes = 256 * 1024;

    private const int BytesPerRow = 16 * 1024;
    private const int BytesPerSmallRow = 1024;

    /// <summary>
    /// The weight: the MiB that the answer may have, at most 16, or as much for the rows that a request may go through. A change without
    /// a limit, or with a limit over what a group claims, goes through the whole queue.
    /// </summary>
    public static int WeightOf(MessageSelection selection, bool isChange)
    {
        const int maxWeight = (int)(QueueLimits.AnswerBytes / QueueLimits.BodyBytes);
        if (isChange && (selection.Limit is null or > ClaimGroup.MaxMessages))
            return Admission.WholeQueue;
        // To match hidden messages, a request goes through all of them.
        if (selection.MatchHidden)
            return maxWeight;
        var messages = Math.Min(selection.Limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        return Math.Clamp(selection.Detail.ShowsBody ? messages : messages * maxWeight / QueueLimits.AnswerItems, 1, maxWeight);
    }

    /// <summary>The memory to begin with, for a page of rows. The messages of the answer reserve theirs one by one.</summary>
    public static long MemoryOf(MessageSelection selection, bool isChange)
    {
        if (selection.Limit == 1)
            return 0;
        return isChange || selection.Detail.ShowsBody
            ? Math.Min(selection.Limit ?? QueueLimits.AnswerItems, MaxPageBytes / BytesPerRow) * BytesPerRow
            : MaxPageBytes / BytesPerRow * BytesPerSmallRow;
    }
}
