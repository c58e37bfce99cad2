namespace Burrow.Client.Workers;

/// <summary>
/// Does what messages ask for. It may be called again for a message that was done: the claim ran out, or the last word to the service was
/// lost. So make it harmless to do twice: by the message's id, which stays the same.
/// </summary>
public interface IMessageHandler<TMessage>
{
    /// <summary>
    /// Handles a message. When it returns, the message is done, unless it said itself what became of it
    /// (<see cref="ClaimedMessage{T}.DoneAsync(CancellationToken)"/> and so on). If it throws, the message has failed, with the exception's
    /// message as its cause, and is tried again as its queue's policy says. From its second delivery on, the worker waits before it says
    /// so: 1 s, then twice as long each time, up to a minute; the message stays claimed meanwhile. <see cref="MessageFailedException"/>,
    /// <see cref="MessageReleasedException"/> and <see cref="MessageDeadException"/> say it more exactly.
    /// </summary>
    /// <param name="message">The message. Its claim is extended for as long as this runs.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the claim was lost, or the program stops and does not wait longer. A handler that then ends with an
    /// <see cref="OperationCanceledException"/> gives its message back.
    /// </param>
    Task HandleAsync(ClaimedMessage<TMessage> message, CancellationToken cancellationToken);
}

/// <summary>A handler throws it to have its message tried again.</summary>
/// <param name="cause">Why; it is kept with the message.</param>
/// <param name="hide">After how long; null: as the queue's policy says.</param>
/// <param name="inner">What went wrong; null: nothing else.</param>
public sealed class MessageFailedException(string cause, TimeSpan? hide = null, Exception? inner = null) : Exception(cause, inner)
{
    /// <summary>After how long the message is tried again; null: as the queue's policy says.</summary>
    public TimeSpan? Hide => hide;
}

/// <summary>A handler throws it to give its message back: it is visible at once, and the delivery does not count.</summary>
public sealed class MessageReleasedException() : Exception("The message was given back.");

/// <summary>A handler throws it if its message can never be handled: it is a dead letter at once.</summary>
/// <param name="cause">Why; it is kept with the message.</param>
/// <param name="inner">What went wrong; null: nothing else.</param>
public sealed class MessageDeadException(string cause, Exception? inner = null) : Exception(cause, inner);
