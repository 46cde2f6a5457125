/**
 * What the most used passwords of twelve and more characters are made of, once digits and signs are taken off their ends. Shorter ones are
 * refused for their length. In English and Portuguese.
 */
export const commonWords: ReadonlySet<string> = new Set(
  `password passwordpassword passphrase mypassword thepassword newpassword changeme changemenow letmein letmeinnow letmeinplease welcome welcomehome
  welcomeback iloveyou iloveyousomuch ilovemyself qwerty qwertyuiop qwertyuiopasdf qwertzuiop asdfghjkl zxcvbnm qazwsx qazwsxedc qazwsxedcrfv
  admin administrator adminadmin root rootroot superuser supervisor sysadmin default defaultpassword guest testtest testing test secret
  topsecret supersecret superman batman spiderman princess sunshine football baseball basketball dragon monkey master shadow michael jennifer
  trustno trustnoone whatever starwars computer internet samsung google facebook microsoft windows linux ubuntu debian server
  login loginlogin access accessgranted nopassword nopasswordneeded abcdefghijkl opensesame correcthorsebatterystaple cluster clusterai
  clusterclusterai clusteradmin clusterpassword ollama openai llama
  senha senhasenha minhasenha senhasegura senhaforte novasenha trocarsenha mudarsenha administrador usuario brasil brasilbrasil flamengo
  corinthians palmeiras saopaulo gremio vasco cruzeiro teamo teamomuito eteamo amoreterno meuamor jesuscristo jesusteama deusefiel deusamor
  deuseamor familia felicidade saudade gabriel mariana`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
