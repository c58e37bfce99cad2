using Azure.Core;
using Azure.Core.Pipeline;

namespace Burrow.Tables.Azure;

/// <summary>
/// Reads the answer to a transaction that was carried out, in place of the SDK. The SDK reads such an answer line by line, each through
/// several objects: that was a quarter of the processor time of a batch. It gets an answer with the first part alone. An answer that says
/// that a transaction failed, or that has another form, is the SDK's.
/// </summary>
internal sealed class TransactionAnswerPolicy : HttpPipelinePolicy
{
    private const string Property = "Burrow.ETags";

    /// <summary>Lets the policy note the ETags of the next transaction, until the scope is disposed.</summary>
    /// <param name="operations">How many operations the transaction has.</param>
    /// <param name="etags">Gets the ETag of each operation, null for a deletion. It stays empty if the SDK reads the answer.</param>
    public static IDisposable Begin(int operations, List<string?> etags) =>
        HttpPipeline.CreateHttpMessagePropertiesScope(new Dictionary<string, object?> { [Property] = (operations, etags) });

    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        ProcessNext(message, pipeline);
        Read(message);
    }

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        Read(message);
    }

    private static void Read(HttpMessage message)
    {
        if (message.TryGetProperty(Property, out var property)
            && property is (int operations, List<string?> etags)
            && message.Response is { Status: 202, ContentStream: MemoryStream { Position: 0 } content }
            && TransactionAnswer.TryRead(content.TryGetBuffer(out var bytes) ? bytes : content.ToArray(), operations, etags, out var first))
        {
            message.Response.ContentStream = new MemoryStream(first);
        }
    }
}
