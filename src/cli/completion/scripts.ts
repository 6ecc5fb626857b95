// The scripts that shells read. Each asks slipway itself for what fits, so that none grows old.

const BASH = `# bash completion for slipway: source <(slipway completion bash)
_slipway() {
  local line="\${COMP_LINE:0:COMP_POINT}" word i files='' break_at
  local -a words=()
  # COMP_WORDS is cut at = and :, which are put together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ "$line" == [[:space:]]* ]] || ((i == 0)); then words+=(''); fi
    line="\${line#"\${line%%[![:space:]]*}"}"
    word="\${word:0:\${#line}}"
    words[\${#words[@]}-1]+="$word"
    line="\${line#"$word"}"
  done
  local cur="\${words[\${#words[@]}-1]}" prefix=''
  for break_at in = :; do
    if [[ "$COMP_WORDBREAKS" == *"$break_at"* && "$cur" == *"$break_at"* ]]; then prefix="\${cur%"\${cur##*[=:]}"}"; fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) files=yes ;;
      :words) ;;
      *) line="\${line%%$'\\t'*}"; COMPREPLY+=("\${line#"$prefix"}") ;;
    esac
  done < <("\${words[0]}" completion --words "\${words[@]:1}" 2>/dev/null)
  if [[ -n "$files" ]]; then
    if ((\${#COMPREPLY[@]} == 0)) && type compopt >/dev/null 2>&1; then compopt -o filenames 2>/dev/null; fi
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${cur#"$prefix"}")
  fi
}
complete -F _slipway slipway
`

const ZSH = `#compdef slipway
# zsh completion for slipway: source <(slipway completion zsh)
_slipway() {
  local line files word about
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :files) files=yes ;;
      :words) ;;
      *)
        word="\${line%%$'\\t'*}"
        about="\${line#*$'\\t'}"
        word="\${word//:/\\\\:}"
        if [[ "$line" == *$'\\t'* ]]; then candidates+=("$word:$about"); else candidates+=("$word"); fi
        ;;
    esac
  done < <("\${words[1]}" completion --words "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe slipway candidates
  [[ -n "$files" ]] && _files
  return 0
}
if [ "$funcstack[1]" = _slipway ]; then _slipway; else compdef _slipway slipway; fi
`

const FISH = `# fish completion for slipway: slipway completion fish | source
function __slipway_offer
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] completion --words $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':words'
            case '*'
                echo $line
        end
    end
end
complete -c slipway -e
complete -c slipway -f -a '(__slipway_offer)'
`

const POWERSHELL = `# PowerShell completion for slipway: slipway completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName slipway -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '""' }
    foreach ($line in (& slipway completion --words @words 2>$null)) {
        if ($line -eq ':words' -or $line -eq ':files') { continue }
        $word, $about = $line -split "\`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
`

export const SCRIPTS: { readonly [shell: string]: string } = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL }

/** Prints the script of a shell; the exit status. */
export function printScript(shell: string | undefined): number {
  const script = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined) {
    process.stderr.write(`Error: use slipway completion ${Object.keys(SCRIPTS).join('|')}\n`)
    return 1
  }
  process.stdout.write(script)
  return 0
}
