export type Shell = 'bash' | 'zsh' | 'fish'

/**
 * The script for a shell. Each hands the words up to the cursor to `berth __complete` and reads `word<TAB>description` lines; a last line `:files` asks for the
 * shell's own completion of paths.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for berth; use: source <(berth completion bash)
_berth() {
  local line files=
  COMPREPLY=()
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while IFS= read -r line; do
    if [ "$line" = :files ]; then files=1; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <(command berth __complete "\${words[@]}" 2>/dev/null)
  if [ -n "$files" ]; then
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _berth berth
`,
  zsh: `#compdef berth
# zsh completion for berth; use: source <(berth completion zsh), or keep it as _berth in a folder of $fpath
_berth() {
  local line files=
  local -a found
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    local word=\${line%%$'\\t'*}
    local text=\${line#*$'\\t'}
    if [[ $text == $line || -z $text ]]; then found+=("\${word//:/\\\\:}"); else found+=("\${word//:/\\\\:}:$text"); fi
  done < <(command berth __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe berth found
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _berth ]]; then _berth "$@"; else compdef _berth berth; fi
`,
  fish: `# fish completion for berth; use: berth completion fish | source
function __berth_complete
    set -l words (commandline -opc) (commandline -ct)
    set -e words[1]
    for line in (command berth __complete $words 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c berth -f -a '(__berth_complete)'
`,
}
