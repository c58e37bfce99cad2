using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// The state that both the line row and the row by id of a message hold. It alone determines where the message's rows are, and whether
/// the message is alive, dead or expired at an instant (docs/design/dead.md). Instants are UTC ticks.
/// </summary>
internal sealed record MessageState
{
    /// <summary>The value of <see cref="ExpiresAt"/> for a message that never expires.</summary>
    public const long Never = long.MaxValue;

    public required MessageId Id { get; init; }

    public required Sequence Sequence { get; init; }

    /// <summary>0: not in the hidden line. Otherwise: in the hidden line, at this instant, which is past or to come.</summary>
    public required long VisibleAt { get; init; }

    /// <summary>When the time to live ends. Of a dead message: the time that dead messages are kept.</summary>
    public required long ExpiresAt { get; init; }

    public required long Deliveries { get; init; }

    public required long Inserted { get; init; }

    public required Revisions Revisions { get; init; }

    /// <summary>How many chunk rows the body has; 0: it is in the line row.</summary>
    public required int Chunks { get; init; }

    /// <summary>The revision of the put that stored the body: part of its chunks' keys.</summary>
    public required string BodyRevision { get; init; }

    public required long Length { get; init; }

    /// <summary>0 to <see cref="QueueLimits.MaxPriority"/>. It never changes.</summary>
    public int Priority { get; init; } = QueueLimits.DefaultPriority;

    /// <summary>
    /// Whether the hide is a delay that belongs to no delivery: a put or an update by id began it. Kept only for messages that were
    /// delivered before.
    /// </summary>
    public bool IsDelayed { get; init; }

    /// <summary>
    /// Not null: the delivery under way is the last one. When its hide ends, the message dies, and is kept for so many seconds; 0: for
    /// ever.
    /// </summary>
    public long? DeadTtl { get; init; }

    /// <summary>
    /// When the message died; 0: it is in the visible or the hidden line. A message that died by time is there until its burial.
    /// </summary>
    public long DiedAt { get; init; }

    /// <summary>The message's group; null: none. It never changes.</summary>
    public GroupName? Group { get; init; }

    /// <summary>Whether it waits behind others of its group (docs/design/groups.md). Its hide counts once it is made ready.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>Whether it is dead and holds its group back.</summary>
    public bool HoldsGroup { get; init; }

    /// <summary>Seconds for which it is kept what became of the message, after its end; null: it is not kept.</summary>
    public long? ResultKept { get; init; }

    /// <summary>
    /// The relay to whose outbox each change of the message writes a row, beside the row of its put; null: none
    /// (docs/design/relays.md, "Mirror").
    /// </summary>
    public string? Mirror { get; init; }

    /// <summary>Whether it takes a place of those that its group may have in the visible and the hidden line.</summary>
    public bool IsReady => Group is not null && DiedAt == 0 && !IsWaiting;

    /// <summary>
    /// When the message leaves its line by time: it expires, or it dies at the end of the hide of its last delivery. Where both are at
    /// once, it expires.
    /// </summary>
    public long EndsAt => DiesAtHide ? VisibleAt : ExpiresAt;

    /// <summary>When nothing of the message is left. A message that dies is kept for its <see cref="DeadTtl"/>.</summary>
    public long GoneAt => DiesAtHide ? ExpiryOf(DeadTtl!.Value, VisibleAt) : ExpiresAt;

    public string LineKey => DiedAt != 0 ? QueueKeys.Dead(Sequence)
        : IsWaiting ? QueueKeys.Waiting(Sequence)
        : VisibleAt == 0 ? QueueKeys.Visible(Priority, Sequence)
        : DeadTtl is null ? QueueKeys.Hidden(VisibleAt, Sequence)
        : QueueKeys.HiddenLast(VisibleAt, Sequence);

    /// <summary>The key of the row beside it that its group is read by; null: there is none.</summary>
    public string? GroupKey => IsWaiting ? QueueKeys.WaitingPlace(Group!.Value, Sequence)
        : HoldsGroup ? QueueKeys.Holder(Sequence)
        : null;

    /// <summary>The columns of the row of <see cref="GroupKey"/>.</summary>
    public Columns ToGroupColumns() => IsWaiting
        ? new(1) { { MessageColumns.Id, Id.Value } }
        : new(2) { { MessageColumns.Id, Id.Value }, { MessageColumns.Group, Group!.Value.Value } };

    public string? ExpiryKey => EndsAt == Never ? null : QueueKeys.Expiry(EndsAt, Sequence);

    /// <summary>The columns of the expiry row.</summary>
    public Columns ExpiryColumns => DiesAtHide
        ? new(2) { { MessageColumns.Id, Id.Value }, { MessageColumns.GoneAt, GoneAt } }
        : new(1) { { MessageColumns.Id, Id.Value } };

    public IEnumerable<string> ChunkKeys => Enumerable.Range(0, Chunks).Select(n => QueueKeys.Chunk(Sequence, BodyRevision, n));

    /// <summary>When the timer must visit the queue for it: when it becomes visible, if it does, and when it leaves its line.</summary>
    public IEnumerable<long> Due
    {
        get
        {
            if (VisibleAt > 0 && VisibleAt < EndsAt && !IsWaiting)
                yield return VisibleAt;
            if (EndsAt != Never)
                yield return EndsAt;
        }
    }

    /// <summary>Whether the message dies at the end of its hide, unless a request changes it before.</summary>
    public bool DiesAtHide => DeadTtl is not null && VisibleAt < ExpiresAt;

    /// <summary>The instant at which a ttl in seconds ends; 0: <see cref="Never"/>.</summary>
    public static long ExpiryOf(long ttl, long now) => ttl == 0 ? Never : now + ttl * TimeSpan.TicksPerSecond;

    /// <summary>The instant at which a hide in seconds ends; 0: visible.</summary>
    public static long VisibilityOf(long hide, long now) => hide == 0 ? 0 : now + hide * TimeSpan.TicksPerSecond;

    /// <summary>The whole seconds until an instant, rounded up; 0 once the instant is reached.</summary>
    public static long SecondsUntil(long instant, long now) =>
        instant <= now ? 0 : (instant - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;

    /// <summary>Whether the message is in the queue: neither dead nor expired.</summary>
    public bool IsLive(long now) => DiedAt == 0 && EndsAt > now;

    /// <summary>Whether the message is in the queue, or dead, or gone. A dead message may not be buried yet.</summary>
    public MessageLife LifeAt(long now)
    {
        if (IsLive(now))
            return MessageLife.Live;
        return GoneAt > now && (DiedAt != 0 || DiesAtHide) ? MessageLife.Dead : MessageLife.None;
    }

    /// <summary>Whether the message died by time, and no row says so. The time that dead messages are kept may be over, too.</summary>
    public bool IsUnburied(long now) => DiedAt == 0 && DiesAtHide && VisibleAt <= now;

    /// <summary>Whether the message is not hidden, or no longer. Says nothing about expiry or death.</summary>
    public bool IsHideOver(long now) => VisibleAt <= now;

    /// <summary>The state after an update. An update that ends the hide of the last delivery kills the message.</summary>
    /// <param name="attributes">What the update sets.</param>
    /// <param name="delivers">Whether a claim counts as a delivery. A claim of the queue's messages does, a claim by id does not.</param>
    /// <param name="policy">The policy of the queue.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState With(Attributes attributes, bool delivers, QueuePolicy policy, long now, Random random)
    {
        var after = attributes.Ttl is { } ttl ? this with { ExpiresAt = ExpiryOf(ttl, now) } : this;
        if (attributes.Hide is not { } hide)
            return after with { Revisions = Revisions.Next(random) };
        if (DeadTtl is { } deadTtl && hide == 0)
            return after.Dead(deadTtl, now, random);
        var isDelivery = delivers && attributes.IsClaim;
        var deliveries = Deliveries + (isDelivery ? 1 : 0);
        return after with
        {
            VisibleAt = VisibilityOf(hide, now),
            Deliveries = deliveries,
            DeadTtl = isDelivery ? policy.DeadTtlOfLast(deliveries) : DeadTtl,
            IsDelayed = hide > 0 && !isDelivery && Deliveries > 0 && (IsDelayed || IsHideOver(now)),
            Revisions = Revisions.Next(random),
        };
    }

    /// <summary>The state after <c>outcome=released</c>: visible, and the delivery under way is not counted.</summary>
    public MessageState Released(Random random) => this with
    {
        VisibleAt = 0,
        Deliveries = Deliveries > 0 && !IsDelayed ? Deliveries - 1 : Deliveries,
        IsDelayed = false,
        DeadTtl = null,
        Revisions = Revisions.Next(random),
    };

    /// <summary>The state after <c>outcome=failed</c> of a hidden message.</summary>
    /// <param name="delay">Seconds for which it is hidden, if this was not its last delivery.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState Failed(long delay, long now, Random random) => DeadTtl is { } deadTtl
        ? Dead(deadTtl, now, random)
        : this with
        {
            VisibleAt = VisibilityOf(delay, now),
            IsDelayed = delay > 0 && Deliveries > 0,
            Revisions = Revisions.Next(random),
        };

    /// <summary>The state after the message died at this moment.</summary>
    /// <param name="deadTtl">Seconds for which it is kept; 0: for ever.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState Dead(long deadTtl, long now, Random random) => DeadSince(now, deadTtl) with { Revisions = Revisions.Next(random) };

    /// <summary>The state after the burial of a message that died by time. It keeps the revision: the last receipt stays good.</summary>
    public MessageState Buried() => DeadSince(VisibleAt, DeadTtl!.Value);

    /// <summary>The state after a redrive of a dead message.</summary>
    /// <param name="ttl">Seconds that it lives.</param>
    /// <param name="hide">Seconds for which it is hidden.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState Redriven(long ttl, long hide, long now, Random random) => this with
    {
        VisibleAt = VisibilityOf(hide, now),
        ExpiresAt = ExpiryOf(ttl, now),
        Deliveries = 0,
        IsDelayed = false,
        DeadTtl = null,
        DiedAt = 0,
        HoldsGroup = false,
        Revisions = Revisions.Next(random),
    };

    /// <summary>
    /// The state of the copy of a message that is changed as the message itself was.
    /// </summary>
    /// <param name="change">What the message itself is now.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState Mirrored(RelayedChange change, long now, Random random)
    {
        var revisions = Revisions.Next(random);
        var after = this with
        {
            ExpiresAt = change.ExpiresAt,
            Revisions = revisions,
            Chunks = BodyChunks.CountOf(change.Body.Length),
            BodyRevision = revisions.Latest,
            Length = change.Body.Length,
        };
        if (change.DiedAt != 0)
            return after with { VisibleAt = 0, IsDelayed = false, DeadTtl = null, DiedAt = change.DiedAt, IsWaiting = false };
        // The hide of a copy that was delivered here is its worker's.
        return DiedAt == 0 && Deliveries > 0
            ? after
            : after with { VisibleAt = change.VisibleAt > now ? change.VisibleAt : 0, Deliveries = 0, DiedAt = 0, HoldsGroup = false };
    }

    /// <summary>
    /// The state after a message that waited behind its group is made ready. It keeps the revision: the put's receipt stays good.
    /// </summary>
    public MessageState Promoted(long now) => this with { IsWaiting = false, VisibleAt = IsHideOver(now) ? 0 : VisibleAt };

    /// <summary>The message as an answer shows it.</summary>
    /// <param name="row">Its line row, perhaps from before a change; null if the answer shows nothing from it.</param>
    /// <param name="body">Its body, if the answer shows it.</param>
    /// <param name="now">UTC ticks.</param>
    public Message ToMessage(MessageRow? row, byte[]? body, long now) => new()
    {
        Id = Id,
        Sequence = Sequence,
        Receipt = new(Revisions.Latest),
        // 0 means "for ever". The message was live when it was read, so the answer says at least one second.
        Ttl = ExpiresAt == Never ? 0 : Math.Max(1, SecondsUntil(ExpiresAt, now)),
        Hide = SecondsUntil(VisibleAt, now),
        Inserted = new DateTimeOffset(Inserted, TimeSpan.Zero),
        Deliveries = Deliveries,
        Priority = Priority,
        Group = Group,
        Died = DiedAt == 0 ? null : new DateTimeOffset(DiedAt, TimeSpan.Zero),
        Causes = row?.Causes ?? [],
        ContentType = row?.ContentType,
        TraceParent = row?.TraceParent,
        Body = body,
    };

    /// <summary>The columns of the line row.</summary>
    public Columns ToColumns() => ToColumns(EndsAt);

    /// <summary>The columns of the row by id, which differ only for a message that will die.</summary>
    /// <param name="line">The columns of the line row.</param>
    public Columns ToIndexColumns(Columns line) => GoneAt == EndsAt ? line : ToColumns(GoneAt);

    public static MessageState From(Columns columns)
    {
        var text = StateText.Of(columns);
        return new()
        {
            Id = new(columns.GetString(MessageColumns.Id)!),
            Sequence = text.Sequence,
            VisibleAt = text.VisibleAt,
            ExpiresAt = text.ExpiresAt ?? columns.GetInteger(MessageColumns.ExpiresAt),
            Deliveries = text.Deliveries,
            Inserted = text.Inserted,
            Revisions = text.Revisions,
            Chunks = text.Chunks,
            BodyRevision = text.BodyRevision,
            Length = text.Length,
            Priority = text.Priority,
            IsDelayed = text.IsDelayed,
            DeadTtl = text.DeadTtl,
            DiedAt = text.DiedAt,
            Group = columns.GetString(MessageColumns.Group) is { } group ? new(group) : null,
            IsWaiting = text.IsWaiting,
            HoldsGroup = text.HoldsGroup,
            ResultKept = text.ResultKept,
            Mirror = text.Mirror,
        };
    }

    private MessageState DeadSince(long died, long deadTtl) => this with
    {
        VisibleAt = 0,
        ExpiresAt = ExpiryOf(deadTtl, died),
        IsDelayed = false,
        DeadTtl = null,
        DiedAt = died,
        IsWaiting = false,
    };

    private Columns ToColumns(long expires)
    {
        var columns = new Columns(MessageColumns.OfState.Count)
        {
            { MessageColumns.Id, Id.Value },
            {
                MessageColumns.State,
                new StateText(Sequence, VisibleAt, Inserted, Deliveries, Length, Chunks, BodyRevision, Revisions)
                {
                    Priority = Priority,
                    IsDelayed = IsDelayed,
                    DeadTtl = DeadTtl,
                    ExpiresAt = DeadTtl is null ? null : ExpiresAt,
                    DiedAt = DiedAt,
                    IsWaiting = IsWaiting,
                    HoldsGroup = HoldsGroup,
                    ResultKept = ResultKept,
                    Mirror = Mirror,
                }.ToString()
            },
            { MessageColumns.ExpiresAt, expires },
        };
        columns.Add(MessageColumns.Group, Group?.Value);
        return columns;
    }
}
