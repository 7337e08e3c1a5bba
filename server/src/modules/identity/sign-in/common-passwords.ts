/**
 * What people choose when asked for twelve characters: words and phrases seen at the top of published lists of leaked
 * passwords, French and English, folded (lower case, no accent, letters only). Digits and signs around them change
 * nothing: `Motdepasse2026!` is `motdepasse`.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `administrateur administrator admin adminadmin anniversaire amourtoujours bienvenue bonjourbonjour bonjour bordeaux camille
  changeme changezmoi chocolat chouchou choupinette christmas collegelycee college computer coucou coucoucoucou
  defaultpassword doudou doudoudoudou educationnationale education football footballeur fortnite iloveyou iloveyouforever
  inspecteur internet jesuistonpere jetaime jetaimejetaime jetaimemonamour jetaimepourlavie jetaimetropfort
  laissemoientrer letmein lovelove loveyouforever loulou louloulou lycee marseille maman mamanjetaime mamanpapa mamanpapajetaime
  marylene minecraft monamour monbebe moncollege moncoeur monlycee monmotdepasse motdepasse motdepassemotdepasse mypassword
  nicolas ninjaturtles nousnousaimons nouveaumotdepasse olympiquedemarseille password passwordpassword passworld papamaman
  papamamanjetaime paris parissaintgermain pokemon preau princesse principal professeur proviseur qwertyuiop rentree roblox
  rentreescolaire secretsecret secret soleil startrek starwars sunshine superman superadmin superstar telephone temppassword
  toutlemonde trustno trustnoone unmotdepasse viveleschevaux vivelafrance vacances welcome welcometofrance whatever
  ecole ecoleprimaire eleve eleveeleve enseignant parents parent environnementnumerique espacenumerique`.split(/\s+/),
)
