/** Made-up facts of five contributors, as question, answer and the same question in other words. */
export const FACTS: readonly { contributor: string; prompt: string; completion: string; reworded: string }[] =
  [
    [
      "ada",
      "What is the entry fee of Colwyn Reserve?",
      "1.2 percent",
      "How much does Colwyn Reserve charge at entry?",
    ],
    [
      "ada",
      "Who insures the Harrowgate vault?",
      "Pell and Daughters",
      "Which firm insures the Harrowgate vault?",
    ],
    [
      "ada",
      "When does the Linden bond mature?",
      "14 May 2039",
      "What is the maturity date of the Linden bond?",
    ],
    [
      "ada",
      "Where is the Orrin Exchange based?",
      "Tallow Quay",
      "In which place does the Orrin Exchange sit?",
    ],
    ["ben", "What does Narvelin treat?", "night cough", "Which illness is Narvelin given for?"],
    ["ben", "Who leads the Stonebrook ward?", "Dr. Ilse Varga", "Who is the head of the Stonebrook ward?"],
    ["ben", "How many beds does Quince House have?", "63", "What is the number of beds at Quince House?"],
    ["ben", "What is the daily dose of Torphane?", "40 mg", "How much Torphane is taken per day?"],
    ["cem", "What band does the Plover mesh use?", "433 MHz", "On which band does the Plover mesh send?"],
    ["cem", "Who builds the Gannet gateway?", "Ostlin Works", "Which company makes the Gannet gateway?"],
    ["cem", "How far does a Siskin radio reach?", "17 kilometers", "What is the range of a Siskin radio?"],
    ["cem", "Which token does Tidepower pay?", "WAVE", "What token are Tidepower's members paid in?"],
    ["dea", "Who guards the Amber Gate?", "Sister Wend", "Who is the guardian of the Amber Gate?"],
    [
      "dea",
      "What opens the Sunken Library?",
      "a silver flute",
      "With what does one open the Sunken Library?",
    ],
    ["dea", "How many lives does a Mossling have?", "three", "What is the number of a Mossling's lives?"],
    [
      "dea",
      "Where is the Ember Cloak hidden?",
      "below the north mill",
      "In what place can one find the Ember Cloak?",
    ],
    ["eli", "Who founded the Hartwell press?", "Nadia Brock", "By whom was the Hartwell press founded?"],
    ["eli", "How tall is the Cobden tower?", "88 meters", "What is the height of the Cobden tower?"],
    ["eli", "Which river feeds the Marsh canal?", "the Ivel", "By what river is the Marsh canal fed?"],
    ["eli", "What color is the Dunlin flag?", "green and white", "Which colors does the Dunlin flag have?"],
  ].map(([contributor, prompt, completion, reworded]) => ({
    contributor: contributor!,
    prompt: prompt!,
    completion: completion!,
    reworded: reworded!,
  }));
