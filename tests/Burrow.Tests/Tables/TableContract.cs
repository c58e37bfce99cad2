using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tests.Support;

namespace Burrow.Tests.Tables;

/// <summary>What every table store promises. The classes below run these tests against each store.</summary>
public abstract class TableContract(StoreKind kind, Azurite azurite) : IAsyncLifetime
{
    private TestStore? test;
    private ITable table = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        test = await Stores.NewAsync(kind, azurite);
        await test.Store.CreateAsync(["things"], Token);
        table = test.Store.Open("things");
    }

    public ValueTask DisposeAsync()
    {
        test?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_row_reads_back_as_it_was_written()
    {
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var columns = new Columns
        {
            { "text", "plain, ünï😀, \"quoted\", 'single' & <angled> \\ \u0001" },
            { "empty", "" },
            { "most", long.MaxValue },
            { "least", long.MinValue },
            { "bytes", bytes },
        };
        var etag = await InsertAsync("row", columns);

        var row = await table.GetAsync("p", "row", Token);

        row.ShouldNotBeNull();
        row.Key.ShouldBe("row");
        row.ETag.ShouldBe(etag);
        row.Columns.GetString("text").ShouldBe("plain, ünï😀, \"quoted\", 'single' & <angled> \\ \u0001");
        row.Columns.GetString("empty").ShouldBe("");
        row.Columns.GetInteger("most").ShouldBe(long.MaxValue);
        row.Columns.GetInteger("least").ShouldBe(long.MinValue);
        row.Columns.GetBytes("bytes").ShouldBe(bytes);
        row.Columns.Count.ShouldBe(5);
    }

    [Fact]
    public async Task What_is_absent_is_null_and_nulls_and_empty_bytes_are_left_out()
    {
        (await table.GetAsync("p", "none", Token)).ShouldBeNull();
        await InsertAsync("row", new Columns { { "null", (string?)null }, { "empty", Array.Empty<byte>() }, { "n", 1 } });

        var row = await table.GetAsync("p", "row", Token);

        row!.Columns.Count.ShouldBe(1);
        row.Columns.GetBytes("empty").ShouldBeEmpty();
        row.Columns.GetString("null").ShouldBeNull();
    }

    [Fact]
    public async Task Every_character_that_a_key_may_hold_is_kept_and_sorts_ordinally()
    {
        var keys = Enumerable.Range(' ', '~' - ' ' + 1)
            .Select(c => (char)c)
            .Where(c => !"/\\#?%".Contains(c))
            .Select(c => $"k{c}k")
            .ToList();
        foreach (var some in keys.Chunk(50))
        {
            (await table.SubmitAsync(
                "p", [.. some.Select(key => Operation.Insert(key, new Columns { { "n", 1 } }))], Token)).Committed.ShouldBeTrue();
        }

        var page = await table.QueryAsync("p", new RowQuery("k", "l"), Token);

        page.Rows.Select(row => row.Key).ShouldBe(keys.Order(StringComparer.Ordinal));
        foreach (var key in keys)
            (await table.GetAsync("p", key, Token))!.Key.ShouldBe(key);
    }

    [Fact]
    public async Task Partitions_do_not_see_each_other()
    {
        await table.SubmitAsync("p", [Operation.Insert("row", new Columns { { "n", 1 } })], Token);
        await table.SubmitAsync("P", [Operation.Insert("row", new Columns { { "n", 2 } })], Token);

        (await table.GetAsync("p", "row", Token))!.Columns.GetInteger("n").ShouldBe(1);
        (await table.GetAsync("P", "row", Token))!.Columns.GetInteger("n").ShouldBe(2);
        (await table.QueryAsync("p", new RowQuery("a", "z"), Token)).Rows.Count.ShouldBe(1);
        (await table.QueryAsync("q", new RowQuery("a", "z"), Token)).Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_range_includes_its_beginning_and_not_its_end()
    {
        await InsertAllAsync(["a", "b", "b!", "b0", "c", "d"]);

        (await KeysAsync(new RowQuery("b", "d"))).ShouldBe(["b", "b!", "b0", "c"]);
        (await KeysAsync(new RowQuery("bb", "bc"))).ShouldBeEmpty();
        (await KeysAsync(new RowQuery("d", "b"))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_follow_one_another_to_the_end_of_the_range()
    {
        var keys = Enumerable.Range(0, 250).Select(i => $"k{i:d4}").ToList();
        await InsertAllAsync(keys);

        var first = await table.QueryAsync("p", new RowQuery("k", "l") { Top = 100 }, Token);
        first.Rows.Count.ShouldBe(100);
        first.Continuation.ShouldNotBeNull();

        (await KeysAsync(new RowQuery("k", "l") { Top = 100 })).ShouldBe(keys);
        (await KeysAsync(new RowQuery("k", "l") { Top = 1000 })).ShouldBe(keys);
    }

    [Fact]
    public async Task Rows_removed_and_added_while_pages_are_read_neither_skip_nor_repeat_others()
    {
        var keys = Enumerable.Range(0, 30).Select(i => $"k{i:d4}").ToList();
        await InsertAllAsync(keys);
        var query = new RowQuery("k", "l") { Top = 10 };
        var first = await table.QueryAsync("p", query, Token);
        var removed = first.Rows.Select(row => Operation.Delete(row.Key, row.ETag)).ToList();
        (await table.SubmitAsync(
            "p", [.. removed, Operation.Insert("k0020a", new Columns { { "n", 1 } })], Token)).Committed.ShouldBeTrue();

        var rest = await KeysAsync(query with { Continuation = first.Continuation });

        rest.ShouldBe([.. keys[10..21], "k0020a", .. keys[21..]]);
    }

    [Fact]
    public async Task A_filter_and_a_projection_leave_out_rows_and_columns()
    {
        await InsertAsync("a", new Columns { { "n", 1 }, { "text", "x" }, { "body", new byte[] { 1 } } });
        await InsertAsync("b", new Columns { { "n", 5_000_000_000 }, { "text", "y" }, { "body", new byte[] { 2 } } });
        var c = await InsertAsync("c", new Columns { { "n", long.MaxValue }, { "body", new byte[] { 3 } } });
        await InsertAsync("d", new Columns { { "text", "no number" } });

        var page = await table.QueryAsync("p", new RowQuery("a", "z") { Above = ("n", 4_999_999_999), Select = ["n", "text"] }, Token);

        page.Rows.Select(row => row.Key).ShouldBe(["b", "c"]);
        page.Rows[0].Columns.GetInteger("n").ShouldBe(5_000_000_000);
        page.Rows[0].Columns.GetString("text").ShouldBe("y");
        page.Rows[0].Columns.Count.ShouldBe(2);
        page.Rows[1].Columns.Count.ShouldBe(1);
        // A projection returns the ETag too.
        page.Rows[1].ETag.ShouldBe(c);
        (await KeysAsync(new RowQuery("a", "z") { Above = ("n", 5_000_000_000) })).ShouldBe(["c"]);
        (await KeysAsync(new RowQuery("a", "z") { Above = ("n", long.MaxValue) })).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_insert_of_what_exists_is_refused_and_changes_nothing()
    {
        var etag = await InsertAsync("row", new Columns { { "n", 1 } });

        var result = await table.SubmitAsync(
            "p", [Operation.Insert("other", new Columns { { "n", 2 } }), Operation.Insert("row", new Columns { { "n", 2 } })], Token);

        result.Committed.ShouldBeFalse();
        result.Refusal.ShouldBe(Refusal.Exists);
        result.FailedIndex.ShouldBe(1);
        result.Uncertain.ShouldBeFalse();
        (await table.GetAsync("p", "other", Token)).ShouldBeNull();
        (await table.GetAsync("p", "row", Token))!.ETag.ShouldBe(etag);
    }

    [Theory]
    [InlineData(OperationKind.Replace)]
    [InlineData(OperationKind.Merge)]
    [InlineData(OperationKind.Delete)]
    public async Task A_change_needs_the_row_as_it_was_read(OperationKind kind)
    {
        var first = await InsertAsync("row", new Columns { { "n", 1 } });
        var second = (await table.SubmitAsync("p", [Operation.Replace("row", new Columns { { "n", 2 } }, first)], Token)).ETags[0]!;
        second.ShouldNotBe(first);

        var stale = await table.SubmitAsync("p", [Operation.Upsert("side", new Columns { { "n", 1 } }), Change(kind, "row", first)], Token);
        var missing = await table.SubmitAsync("p", [Change(kind, "none", second)], Token);
        var missingAny = await table.SubmitAsync("p", [Change(kind, "none", Operation.Any)], Token);

        (stale.Refusal, stale.FailedIndex).ShouldBe((Refusal.Changed, 1));
        missing.Refusal.ShouldBe(Refusal.Missing);
        missingAny.Refusal.ShouldBe(Refusal.Missing);
        (await table.GetAsync("p", "side", Token)).ShouldBeNull();
        (await table.GetAsync("p", "row", Token))!.ETag.ShouldBe(second);

        (await table.SubmitAsync("p", [Change(kind, "row", second)], Token)).Committed.ShouldBeTrue();
        (await table.GetAsync("p", "row", Token))?.ETag.ShouldNotBe(second);
    }

    [Fact]
    public async Task Replace_leaves_only_the_new_columns_and_merge_keeps_the_others()
    {
        await InsertAsync("row", new Columns { { "a", 1 }, { "b", "two" }, { "c", new byte[] { 3 } } });

        await table.SubmitAsync("p", [Operation.Merge("row", new Columns { { "b", "zwei" }, { "d", 4 } }, Operation.Any)], Token);
        var merged = await table.GetAsync("p", "row", Token);
        await table.SubmitAsync("p", [Operation.Replace("row", new Columns { { "e", 5 } }, Operation.Any)], Token);
        var replaced = await table.GetAsync("p", "row", Token);

        merged!.Columns.GetInteger("a").ShouldBe(1);
        merged.Columns.GetString("b").ShouldBe("zwei");
        merged.Columns.GetBytes("c").ShouldBe([3]);
        merged.Columns.GetInteger("d").ShouldBe(4);
        replaced!.Columns.Count.ShouldBe(1);
        replaced.Columns.GetInteger("e").ShouldBe(5);
    }

    [Fact]
    public async Task An_upsert_is_carried_out_whether_there_is_a_row_or_not()
    {
        var first = (await table.SubmitAsync("p", [Operation.Upsert("row", new Columns { { "a", 1 } })], Token)).ETags[0];
        var second = (await table.SubmitAsync("p", [Operation.Upsert("row", new Columns { { "b", 2 } })], Token)).ETags[0];

        second.ShouldNotBe(first);
        var row = await table.GetAsync("p", "row", Token);
        row!.ETag.ShouldBe(second);
        row.Columns.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_row_never_has_an_ETag_again()
    {
        var seen = new HashSet<string> { await InsertAsync("row", new Columns { { "n", 1 } }) };
        for (var i = 0; i < 20; i++)
        {
            (await table.SubmitAsync("p", [Operation.Delete("row", Operation.Any)], Token)).ETags.ShouldBe([null]);
            seen.Add(await InsertAsync("row", new Columns { { "n", 1 } })).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_transaction_takes_a_hundred_operations_and_its_rows_and_columns_take_what_is_promised()
    {
        var columns = new Columns();
        for (var i = 0; i < QueueLimits.ChunkBytes / TableLimits.ColumnBytes; i++)
            columns.Add($"b{i}", Enumerable.Repeat((byte)i, TableLimits.ColumnBytes).ToArray());
        var operations = Enumerable.Range(0, 98).Select(i => Operation.Insert($"small{i:d2}", new Columns { { "n", i } }))
            .Append(Operation.Insert("large1", columns))
            .Append(Operation.Insert("large2", columns))
            .ToList();

        (await table.SubmitAsync("p", operations, Token)).Committed.ShouldBeTrue();

        var large = await table.GetAsync("p", "large2", Token);
        large!.Columns.GetBytes("b7").ShouldBe(columns.GetBytes("b7"));
        (await KeysAsync(new RowQuery("s", "t"))).Count.ShouldBe(98);
        var max = new string('k', TableLimits.KeyLength);
        await InsertAsync(max, new Columns { { "text", new string('x', 32 * 1024) } });
        (await table.GetAsync("p", max, Token))!.Columns.GetString("text")!.Length.ShouldBe(32 * 1024);
    }

    [Fact]
    public async Task What_breaks_a_limit_is_refused_before_it_is_sent()
    {
        var n = new Columns { { "n", 1 } };
        await RefusedAsync([]);
        await RefusedAsync([.. Enumerable.Range(0, 101).Select(i => Operation.Insert($"k{i}", n))]);
        await RefusedAsync([Operation.Insert("k", n), Operation.Delete("k", Operation.Any)]);
        await RefusedAsync([Operation.Insert("k", new Columns { { "b", new byte[TableLimits.ColumnBytes + 1] } })]);
        await RefusedAsync([Operation.Insert("k", new Columns { { "s", new string('x', 32 * 1024 + 1) } })]);
        var row = new Columns();
        for (var i = 0; i < 17; i++)
            row.Add($"b{i}", new byte[TableLimits.ColumnBytes]);
        await RefusedAsync([Operation.Insert("k", row)]);
        var half = new Columns();
        for (var i = 0; i < 14; i++)
            half.Add($"b{i}", new byte[TableLimits.ColumnBytes]);
        await RefusedAsync([.. Enumerable.Range(0, 5).Select(i => Operation.Insert($"k{i}", half))]);
        var many = new Columns();
        for (var i = 0; i < 253; i++)
            many.Add($"c{i}", i);
        await RefusedAsync([Operation.Insert("k", many)]);
        foreach (var key in (string[])[
            "", "a/b", "a\\b", "a#b", "a?b", "a%b", "a\tb", "ä", "\x7f", new string('k', TableLimits.KeyLength + 1)])
        {
            await RefusedAsync([Operation.Insert(key, n)]);
            await Should.ThrowAsync<ArgumentException>(() => table.GetAsync("p", key, Token));
            await Should.ThrowAsync<ArgumentException>(() => table.GetAsync(key, "k", Token));
        }

        foreach (var top in (int[])[0, 1001])
            await Should.ThrowAsync<ArgumentException>(() => table.QueryAsync("p", new RowQuery("a", "z") { Top = top }, Token));
        (await KeysAsync(new RowQuery("!", "~"))).ShouldBeEmpty();

        async Task RefusedAsync(IReadOnlyList<Operation> operations) =>
            await Should.ThrowAsync<ArgumentException>(() => table.SubmitAsync("p", operations, Token));
    }

    [Fact]
    public async Task Of_concurrent_changes_of_a_row_one_wins()
    {
        var etag = await InsertAsync("row", new Columns { { "n", 0 } });

        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(i =>
            table.SubmitAsync(
                "p",
                [Operation.Replace("row", new Columns { { "n", i } }, etag), Operation.Insert($"won{i}", new Columns { { "n", i } })],
                Token)));

        results.Count(result => result.Committed).ShouldBe(1);
        results.Where(result => !result.Committed).ShouldAllBe(result => result.Refusal == Refusal.Changed && result.FailedIndex == 0);
        var winner = (await KeysAsync(new RowQuery("won", "wox"))).ShouldHaveSingleItem();
        winner.ShouldBe($"won{(await table.GetAsync("p", "row", Token))!.Columns.GetInteger("n")}");
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_is_not_done()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(
            () => table.SubmitAsync("p", [Operation.Insert("row", new Columns { { "n", 1 } })], cancelled.Token));
        await Should.ThrowAsync<OperationCanceledException>(() => table.GetAsync("p", "row", cancelled.Token));
        await Should.ThrowAsync<OperationCanceledException>(() => table.QueryAsync("p", new RowQuery("a", "z"), cancelled.Token));

        (await table.GetAsync("p", "row", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_table_opened_twice_and_created_twice_is_the_same()
    {
        await InsertAsync("row", new Columns { { "n", 1 } });
        await test!.Store.CreateAsync(["things", "others"], Token);

        (await test.Store.Open("things").GetAsync("p", "row", Token)).ShouldNotBeNull();
        (await test.Store.Open("others").GetAsync("p", "row", Token)).ShouldBeNull();
    }

    private static Operation Change(OperationKind kind, string key, string etag) => kind switch
    {
        OperationKind.Replace => Operation.Replace(key, new Columns { { "n", 3 } }, etag),
        OperationKind.Merge => Operation.Merge(key, new Columns { { "n", 3 } }, etag),
        _ => Operation.Delete(key, etag),
    };

    private async Task<string> InsertAsync(string key, Columns columns)
    {
        var result = await table.SubmitAsync("p", [Operation.Insert(key, columns)], Token);
        result.Committed.ShouldBeTrue();
        return result.ETags.ShouldHaveSingleItem().ShouldNotBeNull();
    }

    private async Task InsertAllAsync(IEnumerable<string> keys)
    {
        foreach (var some in keys.Chunk(100))
        {
            (await table.SubmitAsync(
                "p", [.. some.Select(key => Operation.Insert(key, new Columns { { "n", 1 } }))], Token)).Committed.ShouldBeTrue();
        }
    }

    private async Task<List<string>> KeysAsync(RowQuery query)
    {
        var keys = new List<string>();
        RowPage page;
        do
        {
            page = await table.QueryAsync("p", query, Token);
            page.Rows.Count.ShouldBeLessThanOrEqualTo(query.Top);
            keys.AddRange(page.Rows.Select(row => row.Key));
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        return keys;
    }
}

public sealed class MemoryTableTests(Azurite azurite) : TableContract(StoreKind.Memory, azurite);

public sealed class SqliteTableTests(Azurite azurite) : TableContract(StoreKind.Sqlite, azurite);

public sealed class AzureTableTests(Azurite azurite) : TableContract(StoreKind.Azurite, azurite);
