using System.Collections.Concurrent;
using System.Threading.Channels;
using Burrow.FunctionsHost.Protocol;
using Grpc.Core;

namespace Burrow.FunctionsHost;

/// <summary>
/// The host's end of the worker's stream: starts the worker's functions, and sends invocations. One worker at a time is connected.
/// </summary>
internal sealed class WorkerChannel(ILoggerFactory loggers) : FunctionRpc.FunctionRpcBase
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<InvocationResponse>> invocations = new();
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly TaskCompletionSource<StartedWorker> started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all functions are loaded.</summary>
    public Task<StartedWorker> Started => started.Task;

    /// <summary>The folder of the app.</summary>
    public required string AppFolder { get; init; }

    /// <summary>Serves the worker's stream until the worker ends.</summary>
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        var writing = WriteAsync(responseStream, context.CancellationToken);
        try
        {
            Uri? http = null;
            IReadOnlyList<Function> functions = [];
            var loaded = 0;
            await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
            {
                switch (message.ContentCase)
                {
                    case StreamingMessage.ContentOneofCase.StartStream:
                        Send(new()
                        {
                            WorkerInitRequest = new()
                            {
                                HostVersion = "4.0.0",
                                WorkerDirectory = AppFolder,
                                FunctionAppDirectory = AppFolder,
                            },
                        });
                        break;
                    case StreamingMessage.ContentOneofCase.WorkerInitResponse:
                        Require(message.WorkerInitResponse.Result, "start");
                        http = new Uri(message.WorkerInitResponse.Capabilities["HttpUri"]);
                        Send(new() { FunctionsMetadataRequest = new() { FunctionAppDirectory = AppFolder } });
                        break;
                    case StreamingMessage.ContentOneofCase.FunctionMetadataResponse:
                        Require(message.FunctionMetadataResponse.Result, "describe its functions");
                        functions = [.. message.FunctionMetadataResponse.FunctionMetadataResults.Select(Function.Of)];
                        foreach (var function in functions)
                            Send(new() { FunctionLoadRequest = new() { FunctionId = function.Id, Metadata = function.Metadata } });
                        break;
                    case StreamingMessage.ContentOneofCase.FunctionLoadResponse:
                        Require(message.FunctionLoadResponse.Result, $"load {message.FunctionLoadResponse.FunctionId}");
                        if (++loaded == functions.Count)
                            started.TrySetResult(new(http!, functions));
                        break;
                    case StreamingMessage.ContentOneofCase.InvocationResponse:
                        if (invocations.TryRemove(message.InvocationResponse.InvocationId, out var invocation))
                            invocation.TrySetResult(message.InvocationResponse);
                        break;
                    case StreamingMessage.ContentOneofCase.RpcLog:
                        Log(message.RpcLog);
                        break;
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            started.TrySetException(e);
            throw;
        }
        finally
        {
            EndAll();
            outgoing.Writer.TryComplete();
            await writing;
        }
    }

    /// <summary>Invokes a function.</summary>
    /// <returns>Completes with the worker's response.</returns>
    /// <exception cref="OperationCanceledException">The worker is gone.</exception>
    public Task<InvocationResponse> InvokeAsync(InvocationRequest invocation)
    {
        var response = new TaskCompletionSource<InvocationResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        invocations[invocation.InvocationId] = response;
        if (!Send(new() { InvocationRequest = invocation }))
            EndAll();
        return response.Task;
    }

    /// <summary>Asks the worker to cancel an invocation.</summary>
    public void Cancel(string invocation) => Send(new() { InvocationCancel = new() { InvocationId = invocation } });

    /// <summary>Asks the worker to cancel all invocations.</summary>
    public void CancelAll()
    {
        foreach (var invocation in invocations.Keys)
            Cancel(invocation);
    }

    /// <summary>Asks the worker to end.</summary>
    public void Terminate(TimeSpan grace) =>
        Send(new() { WorkerTerminate = new() { GracePeriod = new() { Seconds = (long)grace.TotalSeconds } } });

    /// <summary>Fails what waits for the worker.</summary>
    public void Fail(Exception reason)
    {
        started.TrySetException(reason);
        EndAll();
    }

    private static void Require(StatusResult result, string what)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"The worker can't {what}: {result.Exception?.Message ?? result.Result}");
    }

    private bool Send(StreamingMessage message)
    {
        message.RequestId = Guid.NewGuid().ToString();
        return outgoing.Writer.TryWrite(message);
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken ended)
    {
        try
        {
            await foreach (var message in outgoing.Reader.ReadAllAsync(ended))
                await stream.WriteAsync(message, ended);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The worker is gone; the reader of its messages ends as well.
        }
    }

    private void EndAll()
    {
        foreach (var id in invocations.Keys)
        {
            if (invocations.TryRemove(id, out var invocation))
                invocation.TrySetCanceled();
        }
    }

    private void Log(RpcLog log) =>
        loggers.CreateLogger(log.Category is { Length: > 0 } category ? category : "Worker").Log(
            (LogLevel)log.Level, "{Message} {Exception}", log.Message, log.Exception?.Message);
}

/// <summary>A worker whose functions are loaded.</summary>
/// <param name="Http">Where it takes the requests of its HTTP triggers.</param>
/// <param name="Functions">Its functions.</param>
internal sealed record StartedWorker(Uri Http, IReadOnlyList<Function> Functions);
