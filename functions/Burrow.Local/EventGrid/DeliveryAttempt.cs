namespace Burrow.Local.EventGrid;

/// <summary>One attempt to deliver an event to an endpoint, with its result.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Delivery">The delivery as it was before the attempt.</param>
/// <param name="Status">The status of the endpoint's response; 0 if there was none.</param>
/// <param name="Result">The result, in Event Grid's word.</param>
internal sealed record DeliveryAttempt(DateTimeOffset At, Delivery Delivery, int Status, string Result)
{
    /// <summary>The attempt's number; the first is 1.</summary>
    public int Number => Delivery.Attempts + 1;
}
