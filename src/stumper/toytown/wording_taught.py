"""The sentences of the taught skills: (taught, heldout, player), one a line. See `wording`."""

from __future__ import annotations

from typing import Final

TAUGHT_FORMS: Final[dict[str, tuple[str, str, str]]] = {
    # {a} "a cat", {what} "cat", {whats} "cats"
    "existence": (
        """
        is there {a}
        is there {a} in the picture
        is there {a} here
        can you see {a}
        do you see {a}
        do you see {a} in the picture
        is {a} in the picture
        does the picture show {a}
        are there any {whats}
        are there any {whats} in the picture
        can you see any {whats}
        do you see any {whats} here
        is {a} visible
        is there any {what} here
        might there be {a} somewhere
        does this scene have {a}
        have you noticed {a}
        did you find {a} here
        is {a} anywhere to be seen
        does anything here look like {a}
        should there be {a} in this image
        would you find {a} here
        will i find {a} in this scene
        has this picture got {a}
        are you sure that there is {a}
        could you point at {a}
        do any {whats} appear
        is it true that there is {a}
        """,
        """
        can {a} be seen
        have you spotted {a}
        does {a} appear in this image
        would you say there is {a}
        could there be {a} in this scene
        is {a} part of this picture
        does one find {a} in it
        """,
        """
        is there {a}
        any {whats}
        any {whats} here
        any {what}
        is there any {what} in the image
        {a} in the picture
        do u see {a}
        can u see {a}
        are there {whats}
        is {a} visible in the image
        does the image have {a}
        any {what} visible
        """,
    ),
    # {what} "cat" or "person's shirt"
    "colour": (
        """
        what colour is the {what}
        which colour is the {what}
        what is the colour of the {what}
        what colour does the {what} have
        what colour has the {what}
        the {what} is what colour
        tell me the colour of the {what}
        name the colour of the {what}
        can you tell me the colour of the {what}
        what colour is the {what} in the picture
        which colour does the {what} have
        what is the {what}'s colour
        in what colour is the {what}
        do you know what colour the {what} is
        how would you describe the colour of the {what}
        what colour would you paint the {what}
        the {what}, which colour is it
        in which colour do you see the {what}
        is the {what} red, blue, green or what colour
        could you say which colour the {what} has
        how do you call the colour of the {what}
        """,
        """
        how is the {what} coloured
        the {what} has which colour
        what colour would you call the {what}
        do you know the colour of the {what}
        in which colour is the {what} painted
        what colour was chosen for the {what}
        say the {what}'s colour
        """,
        """
        colour of the {what}
        colour of {what}
        {what} colour
        what colour is {what}
        what is colour of the {what}
        which colour {what}
        whats the colour of the {what}
        what's the colour of the {what}
        what colour is the {what} in the image
        the colour of {what}
        what is the colour of {what}
        tell the colour of the {what}
        """,
    ),
    "count": (
        """
        how many {whats} are there
        how many {whats} are in the picture
        how many {whats} do you see
        how many {whats} can you see
        how many {whats} does the picture show
        how many {whats} are here
        what is the number of {whats}
        count the {whats}
        can you count the {whats}
        how many {whats} are visible
        tell me how many {whats} there are
        number of {whats} in the picture
        how many {whats}
        what number of {whats} do you find
        could you say how many {whats} there are
        do you know how many {whats} are in this scene
        how many {whats} have they drawn
        how many {whats} did you notice
        in this image, how many {whats} appear
        count all the {whats} you find
        would you count the {whats}
        how many {whats} would you say there are
        how often do you see a {what}
        """,
        """
        what number of {whats} is shown
        how many {whats} can be seen
        how many {whats} appear in this scene
        could you count all the {whats}
        how many {whats} have you found
        give the number of {whats} you see
        how large is the number of {whats}
        """,
        """
        number of {whats}
        number of {whats} in the image
        how many {whats}
        no of {whats}
        {whats} count
        how many {what}
        total {whats}
        total number of {whats}
        count of {whats}
        how many {whats} in the image
        how many {whats} r there
        how many {whats} do u see
        """,
    ),
    "position.side": (
        """
        is the {what} on the left, in the middle or on the right
        on which side is the {what}
        which side is the {what} on
        left, middle or right: where is the {what}
        is the {what} left, middle or right
        is the {what} at the left, the middle or the right
        on what side of the picture is the {what}
        does the {what} stand left, middle or right
        on which side of the picture is the {what}
        on which side do you see the {what}
        which side of the picture is the {what} on
        tell me the side the {what} is on
        where would you put the {what}, left, middle or right
        in which part do you find the {what}: left, middle or right
        have they drawn the {what} left, middle or right
        would you say the {what} is left, right or in the middle
        left or right or middle, where does the {what} belong
        should i look left, right or in the middle for the {what}
        """,
        """
        left, right or middle, where do you find the {what}
        which part is the {what} in, left, middle or right
        to which side of the picture does the {what} belong
        would you look left, middle or right for the {what}
        where does the {what} stand, left, right or middle
        """,
        """
        which side is the {what}
        side of the {what}
        {what} left middle or right
        {what} on which side
        is {what} on the left or right or middle
        which side of the image is the {what}
        what side is the {what} on
        {what} is left or right or in the middle
        the {what} is on which side
        """,
    ),
    "position.height": (
        """
        is the {what} at the top or at the bottom
        is the {what} in the top or the bottom half
        top or bottom: where is the {what}
        is the {what} top or bottom
        is the {what} up at the top or down at the bottom
        does the {what} stand at the top or at the bottom
        in which half is the {what}, top or bottom
        is the {what} in the upper part or the lower part, top or bottom
        tell me if the {what} is at the top or at the bottom
        at the top or at the bottom, where is the {what}
        is the {what} near the top or near the bottom
        do you see the {what} at the top or at the bottom
        would you say the {what} is at the top or the bottom
        should i look for the {what} at the bottom or at the top
        have they placed the {what} at the top or at the bottom
        where would you find the {what}, bottom or top
        which part holds the {what}, the top or the bottom
        bottom or top, to which half does the {what} belong
        """,
        """
        is the {what} placed at the bottom or at the top
        would you look for the {what} at the top or the bottom
        bottom or top, where do you find the {what}
        which half holds the {what}, top or bottom
        top half or bottom half: in which is the {what}
        """,
        """
        {what} top or bottom
        is {what} at top or bottom
        the {what} is top or bottom
        is the {what} in top half or bottom half
        {what} in the top or bottom
        is the {what} up top or at the bottom
        top or bottom for the {what}
        is the {what} at the bottom or the top
        """,
    ),
    "identification.only": (
        """
        what is this
        what is in the picture
        what do you see
        what can you see
        what does the picture show
        what is shown here
        what is here
        what is that
        name the thing in the picture
        which thing is this
        what kind of thing is this
        tell me what you see
        what would you say this is
        what have they drawn here
        what could this be
        what do we have in this picture
        what is it that is shown
        what appears to be here
        how do you call this thing
        what did you find here
        """,
        """
        what have we got here
        what would you call this
        what is it that you see here
        what appears in this picture
        which thing has been drawn
        """,
        """
        what is this
        whats this
        what is it
        what is in the image
        what's in the picture
        what do u see
        what is that
        identify the object
        name the object
        what object is this
        """,
    ),
    # {colour} "red"
    "identification.colour": (
        """
        what is {colour}
        what is the {colour} thing
        which thing is {colour}
        what is the thing in {colour}
        what do you see in {colour}
        what {colour} thing is there
        what {colour} thing do you see
        name the {colour} thing
        what is the {colour} object
        which object is {colour}
        what in the picture is {colour}
        tell me what the {colour} thing is
        which of them is {colour}
        what thing has {colour} as its colour
        what did they paint {colour}
        the thing that is {colour}, what could it be
        how do you call the {colour} one
        which thing here is coloured {colour}
        what would you say the {colour} thing is
        what can be seen in {colour}
        have you found what is {colour}
        """,
        """
        what has the colour {colour}
        what would you call the {colour} thing
        which of the things is coloured {colour}
        the {colour} one, what is it
        give me the name of the {colour} thing
        """,
        """
        {colour} thing
        what is the {colour} thing
        what is {colour}
        {colour} object is what
        whats the {colour} thing
        what is {colour} in the image
        which object is {colour}
        name of the {colour} thing
        identify the {colour} object
        """,
    ),
    # {place} "at the top left"
    "identification.place": (
        """
        what is {place}
        what do you see {place}
        what can you see {place}
        what is there {place}
        which thing is {place}
        what thing do you see {place}
        what is {place} of the picture
        what stands {place}
        name the thing {place}
        what does the picture show {place}
        what is the thing {place}
        tell me what is {place}
        what have they drawn {place}
        what could you find {place}
        what has its place {place}
        look at what is {place}, what is it
        which thing did they put {place}
        how do you call the thing {place}
        what would you say is {place}
        what would you find {place}
        what thing can be seen {place}
        see {place}, which thing is it
        """,
        """
        what can be found {place}
        what would you call the thing {place}
        look {place}: what is it
        which thing has been put {place}
        which object sits {place}
        """,
        """
        whats {place}
        what is {place}
        thing {place}
        what's {place}
        object {place}
        what is {place} of the image
        which object is {place}
        name the object {place}
        what do u see {place}
        """,
    ),
}
