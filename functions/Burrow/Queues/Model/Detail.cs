namespace Burrow.Queues;

/// <summary>What an answer shows of messages (docs/reference/api.md, parameter <c>detail</c>).</summary>
public enum Detail
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ids.</summary>
    Id,

    /// <summary>Ids, <c>ttl</c> and <c>hide</c>.</summary>
    Attributes,

    /// <summary>Bodies.</summary>
    Body,

    /// <summary>Ids, <c>ttl</c>, <c>hide</c> and bodies.</summary>
    All,

    /// <summary>Everything.</summary>
    Full,
}

internal static class DetailExtensions
{
    extension(Detail detail)
    {
        public bool ShowsBody => detail is Detail.Body or Detail.All or Detail.Full;
    }
}
