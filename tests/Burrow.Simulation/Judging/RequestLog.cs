using System.Text;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Judging;

/// <summary>All requests of a history; with a trace, also all that happened, in words.</summary>
internal sealed class RequestLog(Action<string>? trace, Fingerprint fingerprint)
{
    private readonly Dictionary<int, Request> puts = [];

    public List<Request> All { get; } = [];

    public void Trace(Func<string> line) => trace?.Invoke(line());

    /// <summary>Adds an occurrence to the fingerprint: a history with it differs from those without it.</summary>
    public void Mark(Moment moment, string what)
    {
        fingerprint.Add(moment.Order);
        fingerprint.Add(moment.Ticks);
        fingerprint.Add(what);
    }

    public void Add(Request request, int? put = null)
    {
        All.Add(request);
        if (put is { } number)
            puts.Add(number, request);
    }

    /// <summary>The put that brought a body, which begins with a number that no other body has; null if there is none.</summary>
    public Request? PutOf(byte[] body)
    {
        var text = Encoding.ASCII.GetString(body, 0, Math.Min(body.Length, 12));
        return int.TryParse(text.Split(':')[0], out var number) ? puts.GetValueOrDefault(number) : null;
    }
}
