import type { Random } from './random.ts'

/** A name as feeds and mail addresses spell it. Only characters of ISO-8859-15, none to be escaped in XML. */
export type Name = {
  /** `Lebœuf` */
  readonly proper: string
  /** `LEBŒUF` */
  readonly upper: string
  /** `LEBOEUF`, as the staff applications of the academies write it */
  readonly plain: string
  /** `leboeuf` */
  readonly slug: string
}

export type Sex = 'F' | 'M'

const familyNames = words(`
  Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand
  Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer
  Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson
  Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet Gaillard
  Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud
  Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean Dupuy
  Guillot Hubert Berger Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet
  Adam Paris Poirier Marty Aubry Guyot Carré Charles Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé Schneider
  Fernandez Collet Léger Bouvier Julien Prévost Millet Perrot Daniel Cousin Germain Breton Besson Langlois Rémy Pelletier Lévêque
  Perrier Leblanc Barré Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez Guichard Gillet Étienne
  Grondin Poulain Tessier Chevallier Collin Chauvin Bouchet Gay Lemaître Bénard Maréchal Humbert Reynaud Antoine Hoarau Perret
  Barthélemy Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier Carlier Laporte Delattre Delacroix Wattrelot Desmet Lenglet
  Delmotte Debruyne Leleu Flament Delannoy Lesage Bocquet Carette Dhainaut Crépin Decroix Ducrocq Hennebelle Pruvost Macquart
  Lebœuf Cœuret Vanœste Dubœuf Œuvrard Lecœur Bonnœil Croÿ Lhaÿ Fossé Boë Crèvecœur`)

const namesFromElsewhere = words(`
  Benali Haddad Mansouri Belkacem Cherif Bouzid Khelifi Amrani Benamar Ziani Saïdi Hamidi Toumi Rahmani Slimani Bouaziz Meziane
  Diallo Traoré Koné Diop Ndiaye Camara Coulibaly Touré Sow Keita Cissé Sylla Barry Fofana Mendy Sarr Mbaye Ouédraogo Kaboré
  Nguyen Tran Pham Huynh Vuong Truong Chen Wang Zhang Huang Zhou Lin Kim Park Singh Kaur Patel Rahman Hossain Kumar
  Da-Silva Ferreira Pereira Santos Oliveira Gonçalves Rodrigues Carvalho Teixeira Almeida Lourenço Simões Conceição Antão Leitão
  Kowalski Nowak Kaczmarek Lewandowski Zielinski Wojcik Szymanski Kubiak Walczak Majewski Piotrowski Stachowiak Ratajczak
  Yilmaz Demir Kaya Aydin Öztürk Özdemir Gunes Koç Arslan Dogan Ünal Rossi Ferrari Esposito Bianchi Romano Colombo Marino
  Muñoz Ibáñez Núñez Peña Ordóñez Gutiérrez Dušek Šimek Žitný Škoda Ivanov Petrov Popescu Ionescu Radu Hoxha Krasniqi Gashi
  Andriamanana Rakotomalala Razafindrakoto Tshibanda Mukendi Ilunga Okafor Adeyemi Mensah Haile Tesfaye Ahmadi Karimi Hosseini`)

const particleNames =
  `De La Fontenelle|Du Plessier|De Villedieu|Le Goff|Le Gall|Le Bihan|La Rosière|De Saint-Aubrin|D'Hautefeuille|
  Des Essarts|Van Damme|Van den Broucke|Vandenbossche|De Wilde|De Smedt|El Amrani|El Khattabi|Ben Youssef|Aït Ouali|Ould Brahim|
  Dos Santos|Da Costa|De Oliveira|Di Marco|Von Arx|L'Hermitte|D'Œuilly|Le Sœur|O'Connell|N'Guessan|N'Diaye|M'Bengue`
    .split('|')
    .map((text) => text.trim())

// Stems and endings make some four thousand plausible names more: with the common ones only, a million people would be
// an implausible crowd of homonyms.
const stems =
  words(`Bar Beau Ber Bla Boi Bou Bri Cha Cla Cor Cou Dau Del Des Du Fau Fer Flo Fon Gal Gau Ger Gir Gou Gui Hau Jac
  Jou Lam Lan Lau Lec Lef Leg Lem Les Lor Mail Mal Mar Mas Mau Men Mor Mou Nor Oli Pan Pas Per Pla Pon Pou Que Rai Ren Rig Rob
  Rou Sab Sal Sau Ser Sou Tal Tau Ter Thi Tou Tri Val Vau Ver Vil Vin`)
const endings =
  words(`bert bier blanc card chard cher court deau dier dot faut ferrand fort gaud geot gnard gnon lard leau let
  lier lin lon loux mard meau mier mond naud neau net nier non pin quet quin rand reau ret rier roux sard sel seau sier son taud
  teau tier tin ton vard ville vrier zac`)

const girls =
  words(`Emma Jade Louise Alice Chloé Lina Léa Manon Inès Mila Anna Juliette Camille Sarah Eva Lou Zoé Romane Agathe Ambre
  Rose Julia Léna Nina Lola Lucie Charlotte Jeanne Margaux Clara Victoire Louna Élise Mathilde Anaïs Noémie Capucine Maëlys Océane
  Yasmine Assia Aya Nour Fatima Mariam Aminata Khadija Sofia Hanna Maya Salomé Clémence Apolline Héloïse Éléonore Justine Lilou
  Célia Maïssa Soline Thaïs Elsa Gabrielle Constance Adèle Valentine Marie Elena Roxane Amélie Pauline Lise Solène Maëva Inaya
  Myriam Kenza Ilona Coline Lisa Alix Léonie Suzanne Marguerite Flora Lila Naomi Ophélie Cassandra Luna Françoise Maëlle
  Marie-Lou Anne-Sophie Lou-Anne Maria Thi-Linh Mei Kadiatou Awa Zeynep Elif Aleksandra Svetlana Lœiza Žofie`)
const boys =
  words(`Gabriel Léo Raphaël Louis Lucas Jules Adam Hugo Arthur Nathan Liam Ethan Maël Paul Nolan Sacha Gabin Tom Noah Théo
  Mohamed Enzo Timéo Aaron Clément Axel Mathis Antoine Victor Samuel Baptiste Maxence Robin Valentin Rayan Ibrahim Ismaël Yanis
  Amine Mathéo Évan Simon Thomas Alexandre Maxime Noé Eliott Augustin Eden Marius Oscar Martin Gaspard Camille Esteban Lorenzo
  Loïc Titouan Corentin Kylian Bastien Quentin Rémi Romain Tristan Joachim Félix Émile Youssef Bilal Ilyes Mehdi Moussa Mamadou
  Ousmane Souleymane Malo Erwan Côme Célestin Benoît Jérémy Dylan Killian Florian Ruben Diego Pablo Mateo Stanislas Jean-Baptiste
  Pierre-Louis Marc-Antoine Minh Wei Emre Mustafa Piotr Dmitri Loÿs Lœiz Tomáš Anaël Zinédine Abdoulaye`)
const women =
  words(`Nathalie Isabelle Sylvie Catherine Valérie Sandrine Stéphanie Sophie Céline Christelle Virginie Karine Delphine
  Laurence Véronique Séverine Aurélie Émilie Julie Élodie Laëtitia Caroline Corinne Hélène Anne Claire Audrey Florence Carole
  Patricia Agnès Béatrice Cécile Magali Muriel Estelle Fabienne Gaëlle Jennifer Mélanie Vanessa Angélique Sabrina Nadia Samira
  Fatiha Karima Leïla Rachida Naïma Aïcha Aminata Fatou Mariama Maria Ana Paula Ewa Agnieszka Elena Thi-Mai Mei Dorothée Blandine
  Ludivine Édith Marie-Claude Anne-Marie Marie-Laure Françoise Martine Dominique Brigitte Solange Annick Peggy Cindy Aurore Lucie
  Camille Pauline Charlotte Marion Noémie Charlène Amandine Marjorie Sonia Wendy Maud Bénédicte Božena`)
const men =
  words(`Philippe Christophe Laurent Stéphane Frédéric David Nicolas Sébastien Éric Olivier Thierry Pascal Jérôme Julien
  Guillaume Cédric Vincent Fabrice Bruno Ludovic Franck Patrick Didier Arnaud Grégory Benoît Emmanuel Mickaël Gilles Hervé Marc
  Yann Régis Sylvain Thomas Alexandre Anthony Jonathan Romain Damien Fabien Loïc Gaëtan Xavier François Denis Alain Bertrand Jean
  Jean-Marc Jean-Pierre Jean-Luc Pierre Paul Michel Dominique Karim Mohamed Rachid Mustapha Hassan Abdelkader Farid Samir Nabil
  Mamadou Ousmane Boubacar José Carlos António Pedro Paulo Krzysztof Piotr Tomasz Minh Tuan Mehmet Ahmet Giovanni Marco Igor
  Maxime Kevin Florian Quentin Aurélien Rémi Cyril Mathieu Joël Raphaël Gérald Yves André`)

const tables = {
  family: [...new Set(familyNames)].map(makeName),
  elsewhere: [...new Set(namesFromElsewhere)].map(makeName),
  particle: particleNames.map(makeName),
  composed: stems.flatMap((stem) => endings.map((ending) => makeName(stem + ending))),
  young: { F: girls.map(makeName), M: boys.map(makeName) },
  adult: { F: women.map(makeName), M: men.map(makeName) },
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** Derives the spellings of a name; `proper` must stay within ISO-8859-15. */
export function makeName(proper: string): Name {
  const unaccented = proper
    .replaceAll('œ', 'oe')
    .replaceAll('Œ', 'OE')
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
  return {
    proper,
    upper: proper.toUpperCase(),
    plain: unaccented.toUpperCase(),
    slug: unaccented.toLowerCase().replaceAll(/[^a-z]+/g, ''),
  }
}

/** Draws a family name: common, composed, from elsewhere, with a particle, or double. */
export function pickFamilyName(random: Random): Name {
  const kind = random.unit()
  if (kind < 0.42) return random.pickSkewed(tables.family)
  if (kind < 0.8) return random.pick(tables.composed)
  if (kind < 0.93) return random.pick(tables.elsewhere)
  if (kind < 0.96) return random.pick(tables.particle)
  return joinNames(random.pick(tables.family), random.pick(tables.composed))
}

/** `MARTIN-DURAND`, as children bear both names and some married people do. */
export function joinNames(first: Name, second: Name): Name {
  return {
    proper: `${first.proper}-${second.proper}`,
    upper: `${first.upper}-${second.upper}`,
    plain: `${first.plain}-${second.plain}`,
    slug: `${first.slug}-${second.slug}`,
  }
}

export function pickGivenName(random: Random, sex: Sex, age: 'young' | 'adult'): Name {
  return random.pickSkewed(tables[age][sex])
}
