using System.CommandLine;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>completion</c>: a script that completes command lines. The program itself answers what comes next.</summary>
internal static class CompletionVerb
{
    private const string Bash = """
        _burrow() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(burrow "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _burrow burrow
        """;

    private const string Zsh = """
        _burrow() {
          local -a found
          found=("${(@f)$(burrow "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found
        }
        compdef _burrow burrow
        """;

    private const string Fish = """
        complete -f -c burrow -a '(burrow "[suggest:"(string length (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "The shell." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var verb = new Command("completion", "Print a script for a shell: source <(burrow completion bash)") { shell };
        verb.SetAction(parsed => Console.Out.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }));
        return verb;
    }
}
