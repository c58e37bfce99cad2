namespace Burrow.Client;

/// <summary>The pauses of what tries again without end: from 1 s to 30 s, jittered.</summary>
internal sealed class Pauses(Transport transport)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private TimeSpan next = First;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = next * (0.5 + (Random.Shared.NextDouble() / 2));
        next = next * 2 < Longest ? next * 2 : Longest;
        return Task.Delay(pause, transport.Time, cancellationToken);
    }

    public void Reset() => next = First;
}
