namespace Burrow.Simulation.Judging;

/// <summary>A hash (FNV-1a) of all that happens, the same in every process.</summary>
internal sealed class Fingerprint
{
    public ulong Value { get; private set; } = 14695981039346656037;

    public void Add(long number)
    {
        for (var i = 0; i < 64; i += 8)
            Value = (Value ^ (byte)(number >> i)) * 1099511628211;
    }

    public void Add(string text)
    {
        foreach (var character in text)
            Value = (Value ^ character) * 1099511628211;
    }
}
