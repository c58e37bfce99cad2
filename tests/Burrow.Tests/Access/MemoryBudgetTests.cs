using Burrow.Access;

namespace Burrow.Tests.Access;

/// <summary>The memory that all requests of a process share.</summary>
public sealed class MemoryBudgetTests
{
    private const long MiB = 1024 * 1024;

    private readonly TestTime time = new();
    private readonly MemoryBudget budget;

    public MemoryBudgetTests() => budget = new(64 * MiB, time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_requests_never_delay_small_ones()
    {
        var (held, light) = (Begin("a"), Begin("f"));
        await held.ReserveAsync(14 * MiB, Token);
        foreach (var account in (string[])["b", "c", "d"])
            await Begin(account).ReserveAsync(14 * MiB, Token);
        var large = Begin("e").ReserveAsync(14 * MiB, Token).AsTask();
        large.IsCompleted.ShouldBeFalse();

        await light.ReserveAsync(1 * MiB, Token);
        held.IsAwaited.ShouldBeTrue();
        light.IsAwaited.ShouldBeFalse();
    }

    [Fact]
    public async Task A_request_waits_a_moment_and_is_then_told_to_come_again()
    {
        using var held = Begin("a");
        await held.ReserveAsync(100 * MiB, Token);
        var waits = Begin("b").ReserveAsync(2 * MiB, Token).AsTask();

        time.Advance(AccessLimits.MemoryWait - TimeSpan.FromMilliseconds(1));
        waits.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));

        (await Should.ThrowAsync<UnavailableException>(waits)).Message.ShouldContain("Nothing was done");
        held.Dispose();
        await Begin("b").ReserveAsync(2 * MiB, Token);
    }

    [Fact]
    public async Task An_account_has_a_quarter_and_a_narrow_key_half_of_that()
    {
        var owner = new Payer(new("a"), "owner", IsNarrow: false);
        var narrow = new Payer(new("a"), "narrow", IsNarrow: true);
        await budget.Begin(narrow, manages: false).ReserveAsync(7 * MiB, Token);
        var more = budget.Begin(narrow, manages: false).ReserveAsync(2 * MiB, Token).AsTask();
        await budget.Begin(owner, manages: false).ReserveAsync(7 * MiB, Token);
        var beyond = budget.Begin(owner, manages: false).ReserveAsync(2 * MiB, Token).AsTask();

        more.IsCompleted.ShouldBeFalse();
        beyond.IsCompleted.ShouldBeFalse();
        await Begin("b").ReserveAsync(14 * MiB, Token);
    }

    [Fact]
    public async Task The_operator_and_who_manages_an_account_do_not_wait_for_its_messages()
    {
        foreach (var account in (string[])["a", "b", "c"])
            await Begin(account).ReserveAsync(1 * MiB, Token);
        await Begin("a").ReserveAsync(1 * MiB, Token);
        var waits = Begin("a").ReserveAsync(20 * 1024, Token).AsTask();

        waits.IsCompleted.ShouldBeFalse();
        await budget.Begin(new Payer(new("a"), "key", IsNarrow: false), manages: true).ReserveAsync(1 * MiB, Token);
        await budget.Begin(null, manages: false).ReserveAsync(1 * MiB, Token);
    }

    [Fact]
    public async Task A_key_whose_answers_could_not_wait_begins_no_other_request()
    {
        var unread = Begin("a");
        unread.Set(20 * MiB);
        var next = Begin("a").BeginAsync(1, isResumed: false, Token).AsTask();

        next.IsCompleted.ShouldBeFalse();
        await Begin("b").BeginAsync(1, isResumed: false, Token);
        await unread.BeginAsync(1, isResumed: false, Token);
        unread.Dispose();
        await next;
    }

    [Fact]
    public async Task An_answer_takes_what_is_there_and_its_first_message_in_any_case()
    {
        using var others = Begin("a");
        await others.ReserveAsync(100 * MiB, Token);
        using var answer = Begin("b");

        answer.TryReserve(200 * 1024, always: true).ShouldBeTrue();
        answer.TryReserve(1 * MiB, always: false).ShouldBeFalse();
        answer.TryReserve(1 * MiB, always: true).ShouldBeTrue();
        others.Dispose();
        answer.TryReserve(1 * MiB, always: false).ShouldBeTrue();
        answer.TryReserve(20 * MiB, always: false).ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_request_gives_back_others_use()
    {
        var first = Begin("a");
        await first.ReserveAsync(100 * MiB, Token);
        first.Set(1 * MiB);
        first.Set(3 * MiB);
        await Begin("b").ReserveAsync(14 * MiB, Token);
        first.Dispose();
        first.Dispose();
        for (var i = 0; i < 3; i++)
        {
            using var again = Begin("c");
            await again.ReserveAsync(14 * MiB, Token);
        }
    }

    private RequestMemory Begin(string account) => budget.Begin(new Payer(new(account), "key", IsNarrow: false), manages: false);
}
