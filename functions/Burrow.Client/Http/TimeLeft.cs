namespace Burrow.Client;

/// <summary>The rest of a wait that is made of several requests.</summary>
internal sealed class TimeLeft(Transport transport, TimeSpan wait)
{
    private readonly long begun = transport.Time.GetTimestamp();

    public bool IsOver => Rest <= TimeSpan.Zero;

    private TimeSpan Rest => wait == TimeSpan.MaxValue ? wait : wait - transport.Time.GetElapsedTime(begun);

    /// <summary>How long the next request waits at the service.</summary>
    public TimeSpan NextPoll()
    {
        var rest = Rest;
        return rest <= TimeSpan.Zero ? TimeSpan.Zero
            : rest < transport.Options.PollTime ? rest
            : transport.Options.PollTime;
    }
}
