namespace Burrow.Queues;

/// <summary>What an answer shows of messages (protocol, parameter <c>detail</c>).</summary>
public enum Detail
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ids.</summary>
    Id,

    /// <summary>Ids, ttl and hide.</summary>
    Attributes,

    /// <summary>Bodies.</summary>
    Body,

    /// <summary>Ids, ttl, hide and bodies.</summary>
    All,

    /// <summary>All there is.</summary>
    Full,
}

internal static class DetailExtensions
{
    extension(Detail detail)
    {
        public bool ShowsBody => detail is Detail.Body or Detail.All or Detail.Full;
    }
}
