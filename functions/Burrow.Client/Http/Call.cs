using System.Globalization;
using System.Text;

namespace Burrow.Client;

/// <summary>Whether a request may be sent again when it is not known whether it was carried out.</summary>
internal enum Repeat
{
    /// <summary>No: it is sent again only if it surely was not carried out.</summary>
    IfNotDone,

    /// <summary>Yes: a second time does no harm.</summary>
    Always,

    /// <summary>It is sent once. The caller decides what comes then.</summary>
    Never,
}

/// <summary>One request, before it is sent.</summary>
/// <param name="method">The method.</param>
/// <param name="operation">What it does, for traces and metrics: <c>put</c>, <c>claim</c> and so on.</param>
/// <param name="segments">The segments of the path, not encoded yet.</param>
internal sealed class Call(HttpMethod method, string operation, params ReadOnlySpan<string> segments)
{
    /// <summary>How long the service works at most on a change of a whole queue before it says that there is more.</summary>
    public static readonly TimeSpan LongestChange = TimeSpan.FromSeconds(100);

    private readonly StringBuilder target = PathOf(segments);
    private bool hasQuery;

    public HttpMethod Method => method;

    public string Operation => operation;

    public string Target => target.ToString();

    /// <summary>The queue that it is about, for traces; null: none.</summary>
    public string? Queue { get; init; }

    public Repeat Repeat { get; init; } = method == HttpMethod.Get ? Repeat.Always : Repeat.IfNotDone;

    /// <summary>How long the service waits before it answers.</summary>
    public TimeSpan Wait { get; private set; }

    /// <summary>How long one attempt may take; null: as the client's options say.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    public string? IfMatch { get; init; }

    public string? IfNoneMatch { get; init; }

    public ReadOnlyMemory<byte>? Body { get; init; }

    public string? ContentType { get; init; }

    public string? Accept { get; set; }

    /// <summary>The last event that a stream's reader has seen.</summary>
    public string? LastEventId { get; set; }

    /// <summary>Adds a parameter; null: adds nothing.</summary>
    public Call With(string name, string? value)
    {
        if (value is null)
            return this;
        target.Append(hasQuery ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        hasQuery = true;
        return this;
    }

    /// <summary>Adds a number; null: adds nothing.</summary>
    public Call With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds the time that the service waits, in whole seconds.</summary>
    public Call Waiting(TimeSpan time)
    {
        Wait = time;
        return time > TimeSpan.Zero ? With("wait", Seconds.Of(time)) : this;
    }

    /// <summary>Lets the service work for this long before it answers.</summary>
    public Call Lasting(TimeSpan time)
    {
        Wait = time;
        return this;
    }

    /// <exception cref="ArgumentException">A receipt or a content type has what no header may have.</exception>
    public HttpRequestMessage ToMessage(Uri endpoint)
    {
        var message = new HttpRequestMessage(method, new Uri(endpoint.AbsoluteUri.TrimEnd('/') + Target));
        if (IfMatch is not null)
            message.Headers.TryAddWithoutValidation("If-Match", Check("receipt", IfMatch));
        if (IfNoneMatch is not null)
            message.Headers.TryAddWithoutValidation("If-None-Match", IfNoneMatch);
        if (Accept is not null)
            message.Headers.TryAddWithoutValidation("Accept", Accept);
        if (LastEventId is not null)
            message.Headers.TryAddWithoutValidation("Last-Event-ID", LastEventId);
        // An empty body, because SocketsHttpHandler sends requests without one again by itself, whatever their method.
        if (Body is not null || method != HttpMethod.Get)
            message.Content = new ReadOnlyMemoryContent(Body ?? default);
        if (Body is not null && ContentType is not null)
            message.Content!.Headers.TryAddWithoutValidation("Content-Type", Check("content type", ContentType));
        return message;
    }

    /// <summary>Checks what becomes a header's value: a line's end in it would begin another header.</summary>
    public static string Check(string what, string value) => value.AsSpan().ContainsAnyExceptInRange(' ', '~')
        ? throw new ArgumentException($"A {what} is printable ASCII.", what)
        : value;

    private static StringBuilder PathOf(ReadOnlySpan<string> segments)
    {
        var path = new StringBuilder();
        foreach (var segment in segments)
            path.Append('/').Append(Uri.EscapeDataString(segment));
        return path;
    }
}
