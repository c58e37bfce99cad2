namespace Burrow.Local.EventGrid;

/// <summary>One attempt to deliver an event to an endpoint, and what came of it.</summary>
/// <param name="At">When it was over.</param>
/// <param name="Delivery">What was to be delivered, as it stood before the attempt.</param>
/// <param name="Status">What the endpoint answered; 0: nothing.</param>
/// <param name="Result">What came of it, in Event Grid's word.</param>
internal sealed record DeliveryAttempt(DateTimeOffset At, Delivery Delivery, int Status, string Result)
{
    /// <summary>Which one it was; the first is 1.</summary>
    public int Number => Delivery.Attempts + 1;
}
