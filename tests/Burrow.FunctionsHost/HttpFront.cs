using System.Diagnostics;
using Burrow.FunctionsHost.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Burrow.FunctionsHost;

/// <summary>
/// Takes requests by the routes of the functions, and forwards each to the worker's HTTP address while it invokes the function. What no
/// function declares, path or method, is an empty 404.
/// </summary>
internal sealed class HttpFront(WorkerChannel worker, IHttpForwarder forwarder, Uri destination) : IDisposable
{
    private const string InvocationHeader = "x-ms-invocation-id";

    private static readonly HttpTransformer Transformer = new InvocationTransformer();

    private static readonly ForwarderRequestConfig Forwarding = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };

    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    });

    /// <summary>Maps the routes of the functions.</summary>
    public void Map(IEndpointRouteBuilder routes, IEnumerable<Function> functions)
    {
        foreach (var function in functions.Where(function => function.Route is not null))
        {
            routes.Map(function.Route!, http =>
                function.Methods.Contains(http.Request.Method, StringComparer.OrdinalIgnoreCase)
                    ? InvokeAsync(http, function)
                    : AnswerNotFound(http));
        }

        routes.MapFallback("{**path}", AnswerNotFound);
    }

    public void Dispose() => client.Dispose();

    private static Task AnswerNotFound(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private async Task InvokeAsync(HttpContext http, Function function)
    {
        var id = Guid.NewGuid().ToString();
        http.Items[InvocationHeader] = id;
        // The worker takes the request from HTTP; the invocation only names the values of the route.
        var request = new RpcHttp();
        foreach (var (name, value) in http.Request.RouteValues)
            request.Params[name] = value?.ToString() ?? "";
        var activity = Activity.Current;
        var invocation = new InvocationRequest
        {
            InvocationId = id,
            FunctionId = function.Id,
            TraceContext = new() { TraceParent = activity?.Id ?? "", TraceState = activity?.TraceStateString ?? "" },
        };
        invocation.InputData.Add(new ParameterBinding { Name = function.Binding, Data = new() { Http = request } });
        using var aborted = http.RequestAborted.UnsafeRegister(_ => worker.Cancel(id), null);
        var invoked = worker.InvokeAsync(invocation);
        var error = await forwarder.SendAsync(http, destination.ToString(), client, Forwarding, Transformer);
        if (error == ForwarderError.None)
        {
            await invoked;
        }
        else if (!http.Response.HasStarted)
        {
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    /// <summary>Adds the invocation's id to what the client sent. The worker finds the invocation by it.</summary>
    private sealed class InvocationTransformer : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            // As the real host does, so the worker sees the client's own Host.
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
            proxyRequest.Headers.Add(InvocationHeader, (string)httpContext.Items[InvocationHeader]!);
        }
    }
}
