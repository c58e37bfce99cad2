namespace Burrow.Tables;

/// <summary>
/// Counts the rows that storage goes through for one request, whether it finds something or not. The request's calls find the meter in
/// their async context. Work that belongs to no request has none.
/// </summary>
/// <param name="add">Is told each number of rows as it is read. Called from any thread.</param>
internal sealed class RowMeter(Action<long> add)
{
    private static readonly AsyncLocal<RowMeter?> Ambient = new();

    /// <summary>The meter of the request that this code runs for; null if there is none.</summary>
    public static RowMeter? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public void Add(long rows) => add(rows);

    /// <summary>A meter for work that several requests share. Each of them gets the same part, and the first one the rest.</summary>
    public static RowMeter? Of(IReadOnlyList<RowMeter> meters) => meters switch
    {
        [] => null,
        [var only] => only,
        _ => new(rows =>
        {
            var part = rows / meters.Count;
            meters[0].Add(rows - (part * (meters.Count - 1)));
            for (var i = 1; part > 0 && i < meters.Count; i++)
                meters[i].Add(part);
        }),
    };
}
